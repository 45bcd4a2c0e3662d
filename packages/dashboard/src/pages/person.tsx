import type { OrderSummary, Person, PersonDevice, ProbablePerson } from '@orderloop/protocol';
import { useEffect } from 'preact/hooks';
import { ApiError, readPerson } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { Conflicts } from '../parts/conflicts.tsx';
import { Heading } from '../parts/heading.tsx';
import { History } from '../parts/history.tsx';
import { IdentifierBadge, ShortId, shortOf } from '../parts/identifier.tsx';
import { MATCHED, OrderTable } from '../parts/order-table.tsx';
import { momentsOfPerson, Timeline } from '../parts/timeline.tsx';
import { ORDERS_PATH, personPath } from '../route.ts';
import { usePolling } from '../use-polling.ts';

const EVERY_MS = 5_000;

/** Who somebody is, as far as the events say, and why. The id may be any that ever named the person. */
export function PersonPage({ id }: { id: string }) {
  const { t } = useTexts();
  const { data, error } = usePolling(() => readPerson(id), EVERY_MS, id);
  // What was read before is not shown on: who is not found any more may have been erased.
  const missing = error instanceof ApiError && error.status === 404;
  const person = missing ? undefined : data;
  const person_id = person?.person_id ?? id;

  useEffect(() => {
    if (person_id !== id) history.replaceState(null, '', personPath(person_id) + location.search);
  }, [id, person_id]);

  return (
    <article class="person">
      <a class="back" href={ORDERS_PATH}>
        <span aria-hidden="true" class="arrow" /> {t('back_to_orders')}
      </a>
      <Heading>
        {t('person')} <ShortId id={person_id} /> {person?.anonymous && <span class="badge">{t('anonymous')}</span>}
      </Heading>
      <p class="notice info" role="status" hidden={person_id === id}>
        {person_id === id ? '' : t('merged_into', { old: shortOf(id), new: shortOf(person_id) })}
      </p>
      {missing && <p class="notice warn">{t('person_not_found')}</p>}
      {!person && !missing && <p class="dim">{t('loading')}</p>}
      {person && <Drawn person={person} />}
    </article>
  );
}

function Drawn({ person }: { person: Person }) {
  const { t, time } = useTexts();
  const { conflicts, history: steps, orders, probable } = person;
  return (
    <>
      <p class="dim">{t('first_seen', { time: time(person.first_seen_at) })}</p>
      {probable && <Probable probable={probable} />}
      <div class="columns">
        <Identifiers person={person} />
        <Devices devices={person.devices} />
      </div>
      <Orders orders={orders} />
      <div class="columns">
        <Timeline moments={momentsOfPerson(person)} />
        <div>
          {steps.length > 0 && <History steps={steps} />}
          {conflicts.length > 0 && <Conflicts conflicts={conflicts} />}
        </div>
      </div>
    </>
  );
}

function Probable({ probable: { probable_person_id, probability } }: { probable: ProbablePerson }) {
  const { t, number } = useTexts();
  return (
    <p class="notice info">
      {t('probable_same')}{' '}
      <a href={personPath(probable_person_id)}>
        <ShortId id={probable_person_id} />
      </a>
      {t('probable_guess', { p: number(probability) })}
    </p>
  );
}

function Identifiers({ person: { anonymous, identifiers } }: { person: Person }) {
  const { t, time } = useTexts();
  return (
    <section class="panel">
      <h2>{t('identifiers_title')}</h2>
      <p class="dim">{t(anonymous ? 'anonymous_hint' : 'identifiers_intro')}</p>
      <ul class="plain known">
        {identifiers.map((identifier) => (
          <li key={identifier.type + identifier.value}>
            <IdentifierBadge identifier={identifier} />{' '}
            <span class="dim">{t('first_seen', { time: time(identifier.first_seen_at) })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Devices({ devices }: { devices: readonly PersonDevice[] }) {
  const { t, time } = useTexts();
  return (
    <section class="panel">
      <h2>{t('devices_title')}</h2>
      <p class="dim">{t(devices.length === 0 ? 'devices_empty' : 'devices_intro')}</p>
      <ul class="plain known">
        {devices.map(({ visitor_id, first_seen_at, shared }) => (
          <li key={visitor_id}>
            {t('col_visitor')} <ShortId id={visitor_id} /> {shared && <span class="badge warn">{t('shared')}</span>}{' '}
            <span class="dim">{t('first_seen', { time: time(first_seen_at) })}</span>
            {shared && <p class="dim">{t('shared_hint')}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Orders({ orders }: { orders: readonly OrderSummary[] }) {
  const { t } = useTexts();
  return (
    <section class="panel">
      <h2>{t('orders_title')}</h2>
      {orders.length === 0 ? (
        <p class="dim">{t('orders_empty')}</p>
      ) : (
        <section class="scroll" aria-label={t('orders_title')} tabIndex={0}>
          <OrderTable orders={orders} columns={COLUMNS} />
        </section>
      )}
    </section>
  );
}

const COLUMNS = [MATCHED];
