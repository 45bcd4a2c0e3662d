import type { Journey, Session, Touchpoint } from '@orderloop/protocol';
import type { ComponentChildren } from 'preact';
import { useTexts } from '../i18n.ts';
import { ChannelBadge, DeliveryBadge, OrderBadge } from './badges.tsx';

/** The whole loop at a glance: four stations, and what ties each to the next. */
export function Loop({ journey }: { journey: Journey }) {
  const { t, money, time, duration } = useTexts();
  const { order, link, sessions, conversions } = journey;
  const visits = sessions.filter(({ started_at }) => started_at <= Date.parse(order.created_at) + 60_000);
  const ad = adOf(journey, visits);
  const deliveries = conversions.flatMap(({ deliveries: list }) => list);
  const done = deliveries.filter(({ state }) => state === 'delivered');
  const accepted = done.flatMap(({ attempts }) =>
    attempts
      .filter(({ verdict }) => verdict === 'accepted' || verdict === 'duplicate')
      .map(({ started_at, duration_ms }) => started_at + duration_ms),
  );
  const pages = visits.reduce((sum, { page_view_count }) => sum + page_view_count, 0);
  const clicked = ad && Object.keys(ad.click_ids ?? {})[0];

  return (
    <ol class="loop">
      <Station
        kind="ad"
        title={t('station_ad')}
        missing={!ad}
        joint={ad && (clicked ? t('link_click', { param: clicked }) : t('link_campaign'))}
      >
        {ad ? (
          <>
            <ChannelBadge channel={ad.channel} platform={ad.platform} />
            {ad.campaign?.campaign && <span class="dim">{ad.campaign.campaign}</span>}
            <span class="dim">{time(ad.occurred_at)}</span>
          </>
        ) : (
          <>
            <span>{t('no_ad')}</span>
            {visits[0] && <span class="dim">{t('no_ad_hint', { channel: t(`channel_${visits[0].channel}`) })}</span>}
          </>
        )}
      </Station>
      <Station
        kind="visit"
        title={t('station_visit')}
        missing={visits.length === 0}
        joint={link ? t(`key_${link.key}`) : t('link_none')}
        broken={!link}
      >
        <span>
          {visits.length === 0
            ? t('no_visit')
            : visits.length === 1
              ? t('visits_one', { pages })
              : t('visits_count', { sessions: visits.length, pages })}
        </span>
        {journey.unlinked_reason && <span class="dim">{t(`unlinked_${journey.unlinked_reason}`)}</span>}
      </Station>
      <Station
        kind="order"
        title={t('station_order')}
        joint={deliveries.length > 0 ? t('link_conversion') : t('none_sent')}
        broken={deliveries.length === 0}
      >
        <span class="big">{money(order.amounts.total, order.currency, order.exponent)}</span>
        <OrderBadge state={order.state} />
      </Station>
      <Station kind="conversion" title={t('station_conversion')} missing={done.length === 0}>
        {deliveries.length > 0 ? (
          <>
            <span>{t('delivered_count', { done: done.length, all: deliveries.length })}</span>
            {deliveries.slice(0, 4).map(({ destination, state, conversion_id }) => (
              <DeliveryBadge key={conversion_id + destination} destination={destination} state={state} />
            ))}
            {accepted.length > 0 && (
              <span class="dim">
                {t('delivered_after', { time: duration(Math.max(0, Math.min(...accepted) - order.received_at)) })}
              </span>
            )}
          </>
        ) : (
          <span class="dim">{whyNone(journey, t)}</span>
        )}
      </Station>
    </ol>
  );
}

type Translate = ReturnType<typeof useTexts>['t'];

export function whyNone({ order, conversions }: Journey, t: Translate): string {
  if (order.test) return t('test_not_told');
  const hold = conversions.find((conversion) => conversion.hold)?.hold;
  return hold ? t(`hold_${hold}`) : conversions.length === 0 ? t('not_paid_yet') : t('none_sent');
}

/** The newest visit before the order that an ad began. */
function adOf(journey: Journey, visits: readonly Session[]): Touchpoint | undefined {
  const known = new Set(visits.map(({ session_id }) => session_id));
  return journey.touchpoints
    .filter(
      ({ kind, platform, channel, session_id }) =>
        kind === 'session' &&
        known.has(session_id) &&
        (platform !== undefined || /^(paid_|display$|cross_network$)/.test(channel)),
    )
    .at(-1);
}

interface StationProps {
  kind: 'ad' | 'visit' | 'order' | 'conversion';
  title: string;
  missing?: boolean;
  /** What ties it to the next. */
  joint?: string;
  broken?: boolean;
  children: ComponentChildren;
}

function Station({ kind, title, missing, joint, broken, children }: StationProps) {
  return (
    <li class={`station ${kind} ${missing ? 'missing' : ''}`}>
      <div class="station-card">
        <Icon kind={kind} />
        <h2>{title}</h2>
        <div class="station-body">{children}</div>
      </div>
      {joint && <p class={`joint ${broken ? 'broken' : ''}`}>{joint}</p>}
    </li>
  );
}

const PATHS = {
  ad: 'M4 13v-2l10-5v12L4 13zm0 0v4h3v-3m10-5a4 4 0 0 1 0 6',
  visit: 'M3 5h18v14H3zM3 9h18M6 7h.01',
  order: 'M5 8h14l-1.2 11H6.2zM9 8a3 3 0 0 1 6 0',
  conversion: 'M5 13l4 4 10-10',
};

function Icon({ kind }: { kind: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true" class="icon">
      <path d={PATHS[kind]} fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
