import type { OrderSummary } from '@orderloop/protocol';
import { readOrders } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { ChannelBadge, DeliveryBadge, OrderBadge } from '../parts/badges.tsx';
import { journeyPath } from '../route.ts';
import { usePolling } from '../use-polling.ts';

const EVERY_MS = 2_000;

export function OrdersPage() {
  const { t } = useTexts();
  const { data } = usePolling(readOrders, EVERY_MS);
  return (
    <section>
      <h1 tabIndex={-1}>{t('orders_title')}</h1>
      <p class="dim">{t('orders_intro')}</p>
      {!data && <p class="dim">{t('loading')}</p>}
      {data?.length === 0 && <p class="panel empty">{t('orders_empty')}</p>}
      {data && data.length > 0 && (
        <section class="panel scroll" aria-label={t('orders_title')} tabIndex={0}>
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">{t('col_order')}</th>
                <th scope="col">{t('col_time')}</th>
                <th scope="col" class="end">
                  {t('col_total')}
                </th>
                <th scope="col">{t('col_state')}</th>
                <th scope="col">{t('col_channel')}</th>
                <th scope="col">{t('col_matched')}</th>
                <th scope="col">{t('col_conversions')}</th>
              </tr>
            </thead>
            <tbody>
              {data.map((order) => (
                <OrderRow key={order.order_key} order={order} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function OrderRow({ order }: { order: OrderSummary }) {
  const { t, money, time } = useTexts();
  return (
    <tr>
      <th scope="row" data-label={t('col_order')}>
        <a href={journeyPath(order.order_key)}>{order.order_number ?? order.order_id}</a> <span class="dim">{order.source}</span>
      </th>
      <td class="nowrap" data-label={t('col_time')}>
        {time(Date.parse(order.created_at))}
      </td>
      <td class="end nowrap" data-label={t('col_total')}>
        {money(order.total, order.currency, order.exponent)}
      </td>
      <td data-label={t('col_state')}>
        <OrderBadge state={order.state} /> {order.test && <span class="badge">{t('test_order')}</span>}
      </td>
      <td data-label={t('col_channel')}>
        {order.channel ? <ChannelBadge channel={order.channel} platform={order.platform} /> : '—'}
      </td>
      <td data-label={t('col_matched')}>
        {order.link_key ? (
          t(`key_${order.link_key}`)
        ) : (
          <span class="dim" title={order.unlinked_reason && t(`unlinked_${order.unlinked_reason}`)}>
            {t('link_none')}
          </span>
        )}
      </td>
      <td data-label={t('col_conversions')}>
        {order.deliveries.map(({ destination, state }, index) => (
          <DeliveryBadge key={`${destination}${index}`} destination={destination} state={state} />
        ))}
        {order.deliveries.length === 0 && <span class="dim">{order.hold ? t(`hold_${order.hold}`) : t('none_sent')}</span>}
      </td>
    </tr>
  );
}
