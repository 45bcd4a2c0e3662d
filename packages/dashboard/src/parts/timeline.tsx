import type { Attempt, Delivery, Journey, JourneyEvent, Touchpoint } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { ChannelBadge } from './badges.tsx';

type Moment =
  | { at: number; kind: 'touchpoint'; touchpoint: Touchpoint }
  | { at: number; kind: 'events'; events: JourneyEvent[] }
  | { at: number; kind: 'order'; fact?: string; event_id: string }
  | { at: number; kind: 'attempt'; attempt: Attempt; delivery: Delivery };

/** Everything that happened, oldest first. */
export function Timeline({ journey }: { journey: Journey }) {
  const { t, time } = useTexts();
  return (
    <section class="panel">
      <h2>{t('timeline_title')}</h2>
      <ol class="timeline">
        {momentsOf(journey).map((moment, index) => (
          <li key={index} class={`moment ${moment.kind} ${moment.kind === 'attempt' ? moment.attempt.verdict : ''}`}>
            <time dateTime={new Date(moment.at).toISOString()}>{time(moment.at)}</time>
            <div>
              <MomentBody moment={moment} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function MomentBody({ moment }: { moment: Moment }) {
  const { t, time } = useTexts();
  switch (moment.kind) {
    case 'touchpoint': {
      const { kind, channel, platform, campaign, click_ids, placement } = moment.touchpoint;
      return (
        <>
          <strong>{t(`tl_${kind}`)}</strong>{' '}
          {kind === 'session' ? <ChannelBadge channel={channel} platform={platform} /> : <code>{placement}</code>}
          {campaign && (
            <p class="dim">
              {[campaign.source, campaign.medium, campaign.campaign, campaign.content].filter(Boolean).join(' / ')}
            </p>
          )}
          {Object.entries(click_ids ?? {}).map(([param, { value, first_seen_at }]) => (
            <p class="dim" key={param}>
              <code title={value}>
                {param}={value.slice(0, 14)}…
              </code>{' '}
              {t('first_seen', { time: time(first_seen_at) })}
            </p>
          ))}
        </>
      );
    }
    case 'events':
      return (
        <details>
          <summary>
            {t('tl_events', { count: moment.events.length })} <span class="dim">{summarise(moment.events)}</span>
          </summary>
          <ul class="plain">
            {moment.events.map((event) => (
              <li key={event.event_id}>
                <time class="dim">{time(event.occurred_at)}</time> <code>{event.event}</code>{' '}
                <span class="dim">{event.title ?? pathOf(event.page_url)}</span>
              </li>
            ))}
          </ul>
        </details>
      );
    case 'order':
      return (
        <>
          <strong>{moment.fact === 'refund' ? t('tl_refund') : t('tl_order')}</strong>
          <p class="dim">
            <code title={moment.event_id}>event …{moment.event_id.slice(-12)}</code>
          </p>
        </>
      );
    case 'attempt': {
      const { attempt, delivery } = moment;
      return (
        <>
          <strong>{t('tl_attempt', { destination: delivery.destination })}</strong>{' '}
          <span
            class={`badge ${attempt.verdict === 'accepted' || attempt.verdict === 'duplicate' ? 'good' : attempt.verdict === 'rejected' || attempt.verdict === 'auth' ? 'bad' : 'warn'}`}
          >
            {attempt.verdict}
            {attempt.reply ? ` ${attempt.reply.status}` : ''}
          </span>
          <p class="dim">
            {t('tl_attempt_n', { n: attempt.attempt })} · {t('took', { ms: attempt.duration_ms })}
            {attempt === delivery.attempts.at(-1) && delivery.next_attempt_at !== undefined
              ? ` · ${t('tl_retry_at', { time: time(delivery.next_attempt_at) })}`
              : ''}
          </p>
        </>
      );
    }
  }
}

function momentsOf({ touchpoints, events, order_events, conversions, order }: Journey): Moment[] {
  const moments: Moment[] = touchpoints.map((touchpoint) => ({ at: touchpoint.occurred_at, kind: 'touchpoint', touchpoint }));
  const bySession = Map.groupBy(events, ({ session_id }) => session_id ?? '');
  for (const list of bySession.values()) {
    // After what began the visit, whose time is that of its first event.
    if (list[0] && list[0].occurred_at <= Date.parse(order.created_at) + 3_600_000)
      moments.push({ at: list[0].occurred_at + 1, kind: 'events', events: list });
  }
  for (const { event_id, received_at, fact } of order_events)
    moments.push({ at: received_at, kind: 'order', event_id, ...(fact && { fact }) });
  for (const delivery of conversions.flatMap(({ deliveries }) => deliveries)) {
    for (const attempt of delivery.attempts) moments.push({ at: attempt.started_at, kind: 'attempt', attempt, delivery });
  }
  return moments.sort((left, right) => left.at - right.at);
}

function summarise(events: readonly JourneyEvent[]): string {
  return [...new Set(events.map(({ event }) => event))].slice(0, 5).join(', ');
}

function pathOf(url: string | undefined): string {
  return url && URL.canParse(url) ? new URL(url).pathname : '';
}
