import type { Channel, DeliveryState, OrderState } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';

const ORDER_TONES: Partial<Record<OrderState, string>> = {
  paid: 'good',
  fulfilled: 'good',
  partially_fulfilled: 'good',
  pending: 'warn',
  authorized: 'warn',
  partially_paid: 'warn',
  partially_refunded: 'warn',
  refunded: 'bad',
  cancelled: 'bad',
  failed: 'bad',
  disputed: 'bad',
  charged_back: 'bad',
};

const DELIVERY_TONES: Record<DeliveryState, string> = {
  delivered: 'good',
  waiting: 'warn',
  sending: 'warn',
  paused: 'bad',
  dead: 'bad',
  skipped: '',
};

export function OrderBadge({ state }: { state: OrderState }) {
  const { t } = useTexts();
  return <span class={`badge ${ORDER_TONES[state] ?? ''}`}>{t(`order_${state}`)}</span>;
}

export function DeliveryBadge({ destination, state }: { destination?: string; state: DeliveryState }) {
  const { t } = useTexts();
  return (
    <span class={`badge ${DELIVERY_TONES[state]}`}>
      {destination && <b>{destination}</b>} {t(`state_${state}`)}
    </span>
  );
}

/** Where a visit came from, with the platform where one is known. */
export function ChannelBadge({ channel, platform }: { channel: Channel; platform?: string }) {
  const { t } = useTexts();
  return (
    <span class={`badge channel ${platform ? `platform-${platform}` : ''}`}>
      {platform && <b>{platform}</b>} {t(`channel_${channel}`)}
    </span>
  );
}
