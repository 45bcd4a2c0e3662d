import { useEffect, useState } from 'preact/hooks';

export interface Polled<T> {
  data: T | undefined;
  error: Error | undefined;
  reload(): void;
}

/**
 * Reads again and again while the page is looked at: every `every_ms` after the last answer, at once when the page comes
 * back into view. The last good answer stays while a later one fails.
 */
export function usePolling<T>(read: () => Promise<T>, every_ms: number, key = ''): Polled<T> {
  const [state, setState] = useState<{ data?: T; error?: Error }>({});
  const [round, setRound] = useState(0);

  // `read` is made anew on every render; `key` says when it means something else.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const step = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const data = await read();
        if (!gone) setState({ data });
      } catch (error) {
        if (!gone) setState(({ data }) => ({ data, error: error as Error }));
      }
      if (!gone && every_ms > 0 && !document.hidden) timer = setTimeout(step, every_ms);
    };
    const onVisible = (): void => {
      if (!document.hidden && every_ms > 0) void step();
    };
    void step();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      gone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [every_ms, key, round]);

  return { data: state.data, error: state.error, reload: () => setRound((count) => count + 1) };
}
