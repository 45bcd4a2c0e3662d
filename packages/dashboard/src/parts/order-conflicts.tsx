import type { Journey } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { ShortId } from './identifier.tsx';

/** Moves of the order that were refused, each with the event that asked for it. */
export function OrderConflicts({ conflicts }: Pick<Journey, 'conflicts'>) {
  const { t } = useTexts();
  if (conflicts.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t('order_conflicts_title')}</h2>
      <p class="dim">{t('order_conflicts_intro')}</p>
      <ul class="evidence">
        {conflicts.map(({ event_id, from, to }) => (
          <li key={event_id}>
            <p>
              {t('order_conflict', { from: t(`order_${from}`), to: t(`order_${to}`) })} <ShortId id={event_id} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
