import type { SourceDelivery } from '@orderloop/protocol';
import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../i18n.ts';
import { OrderBadge } from '../parts/badges.tsx';
import { OrderName, Reason } from './delivery-table.tsx';
import { guideOf, useSourceWords } from './texts.ts';
import { VerdictBadge } from './verdict.tsx';

/** Waits for the next delivery, and tells what was seen of it. */
export function TestDelivery({ source, deliveries }: { source: string; deliveries: readonly SourceDelivery[] | undefined }) {
  const words = useSourceWords();
  // What was there before is no answer; one that is counted on is.
  const [before, setBefore] = useState<ReadonlyMap<string, number>>();
  useEffect(() => {
    if (!before && deliveries) setBefore(countsOf(deliveries));
  }, [before, deliveries]);
  const arrived = before && deliveries?.find(({ id, count }) => count > (before.get(id) ?? 0));

  return (
    <section class="panel">
      <h2>{words.test_title}</h2>
      <div role="status">
        {arrived ? (
          <>
            <p>
              <strong>{words.arrived}</strong>
            </p>
            <Seen source={source} delivery={arrived} />
          </>
        ) : (
          <p class="waiting">
            <span class="pulse" aria-hidden="true" /> {words.waiting}
          </p>
        )}
      </div>
      {arrived ? (
        <button type="button" onClick={() => setBefore(countsOf(deliveries ?? []))}>
          {words.again}
        </button>
      ) : (
        <p class="dim">{guideOf(words, source).test}</p>
      )}
    </section>
  );
}

const countsOf = (deliveries: readonly SourceDelivery[]): ReadonlyMap<string, number> =>
  new Map(deliveries.map(({ id, count }) => [id, count]));

function Seen({ source, delivery }: { source: string; delivery: SourceDelivery }) {
  const words = useSourceWords();
  const { money } = useTexts();
  const { verdict, topic, order_key, state, total, currency, exponent, test } = delivery;
  return (
    <dl class="facts seen">
      <dt>{words.fact_verdict}</dt>
      <dd>
        <VerdictBadge verdict={verdict} />{' '}
        {verdict === 'accepted' ? words.taken : verdict === 'duplicate' ? words.known : <Reason delivery={delivery} />}
      </dd>
      {topic && (
        <>
          <dt>{words.fact_topic}</dt>
          <dd>
            <code>{topic}</code>
          </dd>
        </>
      )}
      {order_key && (
        <>
          <dt>{words.fact_order}</dt>
          <dd>
            <OrderName delivery={delivery} />
          </dd>
          <dt>{words.fact_state}</dt>
          <dd>{state ? <OrderBadge state={state} /> : words.no_state}</dd>
        </>
      )}
      {total !== null && currency !== null && exponent !== null && (
        <>
          <dt>{words.fact_total}</dt>
          <dd>{money(total, currency, exponent)}</dd>
        </>
      )}
      {test !== null && (
        <>
          <dt>{words.fact_test}</dt>
          <dd>{test ? words.is_test : words.is_real}</dd>
        </>
      )}
      <SessionRef source={source} delivery={delivery} />
    </dl>
  );
}

function SessionRef({ source, delivery: { has_session_ref } }: { source: string; delivery: SourceDelivery }) {
  const words = useSourceWords();
  if (has_session_ref === null) return null;
  return (
    <>
      <dt>{words.fact_session}</dt>
      <dd>{has_session_ref ? words.has_session : `${words.no_session} ${guideOf(words, source).session}`}</dd>
    </>
  );
}
