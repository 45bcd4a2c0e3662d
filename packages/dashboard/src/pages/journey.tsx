import type { Journey } from '@orderloop/protocol';
import { ApiError, readJourney } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { OrderAxes } from '../parts/badges.tsx';
import { Deliveries } from '../parts/deliveries.tsx';
import { Evidence } from '../parts/evidence.tsx';
import { Heading } from '../parts/heading.tsx';
import { ShortId } from '../parts/identifier.tsx';
import { Loop } from '../parts/loop.tsx';
import { OrderConflicts } from '../parts/order-conflicts.tsx';
import { Payments } from '../parts/payments.tsx';
import { momentsOfJourney, Timeline } from '../parts/timeline.tsx';
import { ORDERS_PATH, personPath } from '../route.ts';
import { usePolling } from '../use-polling.ts';

const EVERY_MS = 1_500;

export function JourneyPage({ id }: { id: string }) {
  const { t } = useTexts();
  const { data, error } = usePolling(() => readJourney(id), EVERY_MS, id);
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <article class="journey">
      <a class="back" href={ORDERS_PATH}>
        <span aria-hidden="true" class="arrow" /> {t('back_to_orders')}
      </a>
      {missing && <p class="notice warn">{t('journey_not_found')}</p>}
      {!data && !missing && <p class="dim">{t('loading')}</p>}
      {data && <Drawn journey={data} />}
    </article>
  );
}

function Drawn({ journey }: { journey: Journey }) {
  const { t, money, dateTime } = useTexts();
  const { order, person_id } = journey;
  return (
    <>
      <div class="row heading">
        <div>
          <Heading>{t('journey_title', { order: order.order_number ?? order.order_id })}</Heading>
          <p class="dim">
            {order.source} · {order.account} · {dateTime(Date.parse(order.created_at))}
          </p>
          <p>
            {person_id === null ? (
              t('no_person')
            ) : (
              <a href={personPath(person_id)}>
                {t('person')} <ShortId id={person_id} />
              </a>
            )}
          </p>
        </div>
        <p class="total">
          <strong>{money(order.amounts.total, order.currency, order.exponent)}</strong> <OrderAxes order={order} />
          {order.test && <span class="badge">{t('test_order')}</span>}
        </p>
      </div>
      <Loop journey={journey} />
      <div class="columns">
        <Timeline moments={momentsOfJourney(journey)} />
        <div>
          <Deliveries journey={journey} />
          <Evidence journey={journey} />
          <Payments payments={journey.payments} />
          <OrderConflicts conflicts={journey.conflicts} />
        </div>
      </div>
    </>
  );
}
