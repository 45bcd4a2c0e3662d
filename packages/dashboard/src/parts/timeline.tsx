import type { Attempt, Delivery, Journey, JourneyEvent, OrderFactKind, Person, Session, Touchpoint } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { ChannelBadge } from './badges.tsx';
import { ShortId } from './identifier.tsx';

/** What a timeline shows of a touchpoint, and what a session can show of the touchpoint that it is. */
type Contact = Pick<Touchpoint, 'kind' | 'channel' | 'platform' | 'campaign' | 'click_ids' | 'placement'>;

type Moment =
  | { at: number; kind: 'touchpoint'; touchpoint: Contact; session?: Session }
  | { at: number; kind: 'events'; events: JourneyEvent[] }
  | { at: number; kind: 'order'; fact?: OrderFactKind; event_id: string }
  | { at: number; kind: 'attempt'; attempt: Attempt; delivery: Delivery };

/** What happened, in the order of the moments. */
export function Timeline({ moments }: { moments: readonly Moment[] }) {
  const { t, time } = useTexts();
  return (
    <section class="panel">
      <h2>{t('timeline_title')}</h2>
      {moments.length === 0 && <p class="dim">{t('no_visit')}</p>}
      <ol class="timeline">
        {moments.map((moment, index) => (
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
  const { t, time, duration } = useTexts();
  switch (moment.kind) {
    case 'touchpoint': {
      const { session, touchpoint } = moment;
      const { kind, channel, platform, campaign, click_ids, placement } = touchpoint;
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
          {session && (
            <p class="dim">
              {t('visit_facts', { pages: session.page_view_count, events: session.event_count })}
              {session.ended_at > session.started_at && ` · ${duration(session.ended_at - session.started_at)}`} · {t('device')}{' '}
              <ShortId id={session.visitor_id} />
            </p>
          )}
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
          <strong>{t(`tl_${moment.fact ?? 'order'}`)}</strong>
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

/** Everything from the ad click to the last reply of a platform, oldest first. */
export function momentsOfJourney({ touchpoints, events, order_events, conversions, order }: Journey): Moment[] {
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

/** Every visit on every device, and every contact with an ad of our own, oldest first. */
export function momentsOfPerson({ sessions, touchpoints }: Person): Moment[] {
  const visits = sessions.map(
    (session): Moment => ({
      at: session.started_at,
      kind: 'touchpoint',
      touchpoint: { ...session, kind: 'session' },
      session,
    }),
  );
  // A session is a touchpoint itself: it stands there once, with what is known of the visit.
  const known = new Set(sessions.map(({ session_id }) => session_id));
  const others = touchpoints
    .filter(({ kind, session_id }) => kind !== 'session' || !known.has(session_id))
    .map((touchpoint): Moment => ({ at: touchpoint.occurred_at, kind: 'touchpoint', touchpoint }));
  return [...visits, ...others].sort((left, right) => left.at - right.at);
}

function summarise(events: readonly JourneyEvent[]): string {
  return [...new Set(events.map(({ event }) => event))].slice(0, 5).join(', ');
}

function pathOf(url: string | undefined): string {
  return url && URL.canParse(url) ? new URL(url).pathname : '';
}
