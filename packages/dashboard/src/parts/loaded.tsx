import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../i18n.ts';
import { Heading } from './heading.tsx';

interface LoadedProps<T> {
  load: () => Promise<T>;
  /** Says when it is something else; what was there before stays until then. */
  of: string;
  /** The page's heading until it has one of its own. */
  title: string;
  children: (value: T) => ComponentChildren;
}

/** Shows what has to be fetched first, once it is there. */
export function Loaded<T>({ load, of, title, children }: LoadedProps<T>) {
  const { t } = useTexts();
  const [state, setState] = useState<{ value?: T; failed?: boolean }>({});
  useEffect(() => {
    let gone = false;
    load().then(
      (value) => !gone && setState({ value }),
      () => !gone && setState({ failed: true }),
    );
    return () => {
      gone = true;
    };
  }, [of]);
  if (state.failed)
    return (
      <section>
        <Heading>{title}</Heading>
        <p class="notice warn row" role="alert">
          {t('page_failed')}{' '}
          <button type="button" onClick={() => location.reload()}>
            {t('reload')}
          </button>
        </p>
      </section>
    );
  if (state.value !== undefined) return children(state.value);
  return (
    <section>
      <h1>{title}</h1>
      <p class="dim">{t('loading')}</p>
    </section>
  );
}
