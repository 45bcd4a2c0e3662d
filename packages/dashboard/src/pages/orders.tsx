import type { OrderSummary } from '@orderloop/protocol';
import { readOrders } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { ChannelBadge, DeliveryBadge } from '../parts/badges.tsx';
import { Heading } from '../parts/heading.tsx';
import { MATCHED, OrderTable } from '../parts/order-table.tsx';
import { usePolling } from '../use-polling.ts';

const EVERY_MS = 2_000;

export function OrdersPage() {
  const { t } = useTexts();
  const { data } = usePolling(readOrders, EVERY_MS);
  return (
    <section>
      <Heading>{t('orders_title')}</Heading>
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

const COLUMNS = [['col_channel', CameFrom], MATCHED, ['col_conversions', Told]] as const;

function CameFrom({ order: { channel, platform } }: { order: OrderSummary }) {
  return channel ? <ChannelBadge channel={channel} platform={platform} /> : '—';
}

function Told({ order: { deliveries, hold } }: { order: OrderSummary }) {
  const { t } = useTexts();
  if (deliveries.length === 0) return <span class="dim">{hold ? t(`hold_${hold}`) : t('none_sent')}</span>;
  return deliveries.map(({ destination, state }, index) => (
    <DeliveryBadge key={`${destination}${index}`} destination={destination} state={state} />
  ));
}
