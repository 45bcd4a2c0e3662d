import type { OrderSummary } from '@orderloop/protocol';
import { readOrders } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { ChannelBadge, DeliveryBadge } from '../parts/badges.tsx';
import { OrderTable } from '../parts/order-table.tsx';
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
          <OrderTable orders={data} columns={COLUMNS} />
        </section>
      )}
    </section>
  );
}

const COLUMNS = [
  ['col_channel', CameFrom],
  ['col_matched', Matched],
  ['col_conversions', Told],
] as const;

function CameFrom({ order: { channel, platform } }: { order: OrderSummary }) {
  return channel ? <ChannelBadge channel={channel} platform={platform} /> : '—';
}

function Matched({ order: { link_key, unlinked_reason } }: { order: OrderSummary }) {
  const { t } = useTexts();
  return link_key ? (
    t(`key_${link_key}`)
  ) : (
    <span class="dim" title={unlinked_reason && t(`unlinked_${unlinked_reason}`)}>
      {t('link_none')}
    </span>
  );
}

function Told({ order: { deliveries, hold } }: { order: OrderSummary }) {
  const { t } = useTexts();
  if (deliveries.length === 0) return <span class="dim">{hold ? t(`hold_${hold}`) : t('none_sent')}</span>;
  return deliveries.map(({ destination, state }, index) => (
    <DeliveryBadge key={`${destination}${index}`} destination={destination} state={state} />
  ));
}
