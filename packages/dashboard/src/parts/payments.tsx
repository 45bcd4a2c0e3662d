import type { Journey } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { journeyPath } from '../route.ts';
import { OrderBadge } from './badges.tsx';

/** What gateways say of the same sale: evidence of this order, and no orders of their own. */
export function Payments({ payments }: Pick<Journey, 'payments'>) {
  const { t } = useTexts();
  if (payments.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t('payments_title')}</h2>
      <p class="dim">{t('payments_intro')}</p>
      <ul class="evidence">
        {payments.map(({ order_key, source, order_id, state, by }) => (
          <li key={order_key}>
            <p>
              <strong>{source}</strong>{' '}
              <a href={journeyPath(order_key)}>
                <code>{order_id}</code>
              </a>{' '}
              <OrderBadge state={state} /> <span class="dim">{t(`payment_by_${by}`)}</span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
