import type { SourceConnection } from '@orderloop/protocol';
import { useSourceWords } from './texts.ts';

export type Health = 'fresh' | 'quiet' | 'refusing' | 'never' | 'polled';

const FRESH_MS = 86_400_000;

/** How a connection does, by its last delivery. `now` in UTC ms. */
export function healthOf({ last_delivery_at, last_verdict, poll }: SourceConnection, now: number): Health {
  if (last_delivery_at === null) return poll?.polled_at ? 'polled' : 'never';
  if (last_verdict === 'rejected') return 'refusing';
  return now - last_delivery_at < FRESH_MS ? 'fresh' : 'quiet';
}

const LOOKS: Readonly<Record<Health, { tone: string; path: string }>> = {
  fresh: { tone: 'good', path: 'M3 8.5l3.5 3.5L13 4.5' },
  quiet: { tone: 'warn', path: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 3v3.2l2.2 1.6' },
  refusing: { tone: 'bad', path: 'M8 2L14.5 13.5h-13zM8 6.5v3M8 11.4v.2' },
  never: { tone: '', path: 'M2 8h1M5 8h1M8 8h1M11 8h1M14 8h.1' },
  polled: { tone: 'good', path: 'M13 6a5.3 5.3 0 0 0-10 0M3 2.5V6h3.5M3 10a5.3 5.3 0 0 0 10 0m0 3.5V10H9.5' },
};

/** A sign and a word: never the colour alone. */
export function HealthBadge({ health }: { health: Health }) {
  const words = useSourceWords();
  const { tone, path } = LOOKS[health];
  return (
    <span class={`badge health ${tone}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d={path} fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
      {words.health[health]}
    </span>
  );
}
