import type { SourceDelivery } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { journeyPath } from '../route.ts';
import { fill } from '../texts.ts';
import { reasonOf, useSourceWords } from './texts.ts';
import { VerdictBadge } from './verdict.tsx';

/** What came last, and what became of each. */
export function DeliveryTable({ deliveries }: { deliveries: readonly SourceDelivery[] }) {
  const words = useSourceWords();
  return (
    <section class="panel">
      <h2>{words.last_title}</h2>
      {deliveries.length === 0 ? (
        <p class="dim">{words.last_empty}</p>
      ) : (
        <section class="scroll" aria-label={words.last_title} tabIndex={0}>
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">{words.col_time}</th>
                <th scope="col">{words.col_topic}</th>
                <th scope="col">{words.col_order}</th>
                <th scope="col">{words.col_verdict}</th>
                <th scope="col">{words.col_reason}</th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <Row key={delivery.id} delivery={delivery} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Row({ delivery }: { delivery: SourceDelivery }) {
  const words = useSourceWords();
  const { time } = useTexts();
  const { received_at, first_at, count, topic, verdict } = delivery;
  return (
    <tr>
      <td class="nowrap" data-label={words.col_time}>
        <time dateTime={new Date(received_at).toISOString()}>{time(received_at)}</time>
        {count > 1 && <span class="dim block">{fill(words.counted, { count, time: time(first_at) })}</span>}
      </td>
      <td data-label={words.col_topic}>{topic ? <code>{topic}</code> : '—'}</td>
      <td data-label={words.col_order}>
        <OrderName delivery={delivery} />
      </td>
      <td data-label={words.col_verdict}>
        <VerdictBadge verdict={verdict} />
      </td>
      <td data-label={words.col_reason}>
        <Reason delivery={delivery} />
      </td>
    </tr>
  );
}

/** The order by its number, with the way to its journey when it was taken. */
export function OrderName({ delivery: { order_key, order_number, orders, verdict } }: { delivery: SourceDelivery }) {
  const words = useSourceWords();
  if (order_key === null) return '—';
  const name = order_number ?? order_key.split(':').at(-1);
  const isKept = verdict === 'accepted' || verdict === 'duplicate';
  return (
    <>
      {isKept ? <a href={journeyPath(order_key)}>{name}</a> : name}{' '}
      {orders > 1 && <span class="dim">{fill(words.more_orders, { count: orders - 1 })}</span>}
    </>
  );
}

/** Why, in a sentence; then what the collector answered, which is in English, with its code and its field. */
export function Reason({ delivery }: { delivery: SourceDelivery }) {
  const words = useSourceWords();
  const { reason, detail, pointer, status, verified } = delivery;
  const text = reasonOf(words, delivery);
  if (text === null) return '—';
  return (
    <span class="why">
      {text}
      {!verified && delivery.verdict === 'rejected' && <span class="dim block">{words.unsigned}</span>}
      <span class="dim block">
        <code>
          {status} {reason}
        </code>{' '}
        {pointer && (
          <>
            {words.at_field} <code>{pointer}</code>{' '}
          </>
        )}
        {detail && <span lang="en">{detail}</span>}
      </span>
    </span>
  );
}
