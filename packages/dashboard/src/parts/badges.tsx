import type { Channel, DeliveryState, FulfillmentState, OrderState, OrderSummary, PaymentState } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';

type OrderWord = OrderState | PaymentState | FulfillmentState | 'dispute_won';

const ORDER_TONES: Partial<Record<OrderWord, string>> = {
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
  voided: 'bad',
  delivered: 'good',
  returned: 'warn',
  dispute_won: 'good',
};

const DELIVERY_TONES: Record<DeliveryState, string> = {
  delivered: 'good',
  waiting: 'warn',
  sending: 'warn',
  pending: 'warn',
  paused: 'bad',
  dead: 'bad',
  skipped: '',
};

export function OrderBadge({ state }: { state: OrderWord }) {
  const { t } = useTexts();
  return <span class={`badge ${ORDER_TONES[state] ?? ''}`}>{t(`order_${state}`)}</span>;
}

const DISPUTE_WORDS = { open: 'disputed', lost: 'charged_back', won: 'dispute_won' } as const;

/** What was paid, what was sent, and what stands against it. */
export function OrderAxes({
  order: { payment_state, fulfillment_state, dispute_state, cancelled_at },
}: {
  order: Pick<OrderSummary, 'payment_state' | 'fulfillment_state' | 'dispute_state' | 'cancelled_at'>;
}) {
  return (
    <>
      <OrderBadge state={payment_state} /> <OrderBadge state={fulfillment_state} />{' '}
      {dispute_state !== 'none' && <OrderBadge state={DISPUTE_WORDS[dispute_state]} />}{' '}
      {cancelled_at !== null && <OrderBadge state="cancelled" />}
    </>
  );
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
