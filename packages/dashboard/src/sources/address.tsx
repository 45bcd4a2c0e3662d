import { useEffect, useRef, useState } from 'preact/hooks';
import { useSourceWords } from './texts.ts';

const SAID_MS = 4_000;
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Where deliveries go, to be pasted elsewhere. */
export function Address({ url, label, isOwn }: { url: string; label: string; isOwn: boolean }) {
  const words = useSourceWords();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');

  useEffect(() => {
    const timer = said ? setTimeout(() => setSaid(''), SAID_MS) : undefined;
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(url);
      setSaid(words.copied);
    } catch {
      // Without https there is no clipboard, and a browser may refuse it: what is marked can be copied by hand.
      input.current?.select();
      setSaid(words.copy_failed);
    }
  };

  return (
    <>
      <div class="address">
        <label>
          {label}
          <input ref={input} readOnly dir="ltr" value={url} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <button type="button" onClick={() => void copy()}>
          {words.copy}
        </button>
      </div>
      <p class="said" role="status">
        {said}
      </p>
      {!isOwn && LOCAL.test(new URL(url).hostname) && <p class="notice warn">{words.local}</p>}
    </>
  );
}
