import type { Attempt, Delivery, Journey } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { DeliveryBadge } from './badges.tsx';
import { whyNone } from './loop.tsx';

/** What platforms were told, attempt by attempt. */
export function Deliveries({ journey }: { journey: Journey }) {
  const { t, money } = useTexts();
  const nothing = journey.conversions.every(({ deliveries }) => deliveries.length === 0);
  return (
    <section class="panel">
      <h2>{t('deliveries_title')}</h2>
      <p class="dim">{t('deliveries_intro')}</p>
      {nothing && <p>{whyNone(journey, t)}</p>}
      {journey.conversions.map((conversion) => (
        <div key={conversion.conversion_id} class="conversion-block">
          <h3>
            {t(`event_${conversion.event}`)} {money(conversion.value, conversion.currency, conversion.exponent)}{' '}
            <code class="dim" title="event_id">
              {conversion.conversion_id}
            </code>
          </h3>
          {conversion.deliveries.map((delivery) => (
            <DeliveryBlock key={delivery.destination} delivery={delivery} />
          ))}
        </div>
      ))}
    </section>
  );
}

function DeliveryBlock({ delivery }: { delivery: Delivery }) {
  const { t, time } = useTexts();
  const { attempts } = delivery;
  return (
    <div class="delivery">
      <p>
        <DeliveryBadge destination={delivery.destination} state={delivery.state} />{' '}
        <span class="dim">
          {attempts.length === 1 ? t('attempts_one') : t('attempts_count', { count: attempts.length })}
          {delivery.state !== 'delivered' && delivery.reason ? ` · ${delivery.detail ?? delivery.reason}` : ''}
          {delivery.next_attempt_at !== undefined ? ` · ${t('tl_retry_at', { time: time(delivery.next_attempt_at) })}` : ''}
        </span>
      </p>
      {attempts.map((attempt) => (
        <AttemptBlock key={attempt.attempt} attempt={attempt} />
      ))}
    </div>
  );
}

function AttemptBlock({ attempt }: { attempt: Attempt }) {
  const { t, time } = useTexts();
  const { request, reply } = attempt;
  return (
    <details class="exchange">
      <summary>
        {t('tl_attempt_n', { n: attempt.attempt })} · {time(attempt.started_at)} · <b>{attempt.verdict}</b> {reply?.status}
      </summary>
      <h4>{t('request')}</h4>
      <pre tabIndex={0}>
        {request.method} {request.url}
        {'\n'}
        {Object.entries(request.headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')}
        {'\n\n'}
        {pretty(request.body)}
      </pre>
      <h4>{t('reply')}</h4>
      <pre tabIndex={0}>{reply ? `${reply.status}\n\n${pretty(reply.body)}` : t('no_reply', { error: attempt.error ?? '' })}</pre>
    </details>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
