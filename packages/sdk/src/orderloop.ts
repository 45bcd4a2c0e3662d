import {
  CONSENT_PURPOSES,
  conversionId,
  EVENT_NAME_PATTERN,
  type EventInput,
  sessionRef,
  uuidv7,
} from '@orderloop/protocol/browser';
import { readAdCookies } from './ad-cookies.ts';
import { readArrival } from './arrival.ts';
import { byteLength, MAX_EVENT_BYTES } from './batch.ts';
import { type Choice, grant, inForce, isNews, readChoice } from './consent.ts';
import { askDoor } from './door.ts';

import { buildEvent, buildWithdrawal, type Draft } from './envelope.ts';
import { browserEnvironment } from './environment.ts';
import { compact, toJson } from './json.ts';
import { type Orderloop, type OrderloopOptions, type SessionCallback, type SessionIds, siteOfKey } from './options.ts';
import { readPage } from './page.ts';
import { watchPageLeave } from './page-leave.ts';
import { isPrerendering, watchPageViews } from './page-views.ts';
import { firePixels } from './pixels.ts';
import { createPlanter } from './plant.ts';
import { createQueue } from './queue.ts';
import type { Visit } from './session.ts';
import { createCell } from './storage.ts';
import { createUnsent } from './unsent.ts';
import { readUser } from './user.ts';
import { createVisits, readMemory } from './visits.ts';
import { createGuard, createWarn, isDevelopment } from './warn.ts';

const MAX_HELD = 100;
const MAX_ITEMS = 200;
/** What must not wait: the visitor often leaves right after it. */
const PROMPT = ['purchase', 'identify', 'consent_update'];
const NAME = new RegExp(EVENT_NAME_PATTERN);

/** Starts the SDK on this page: `createOrderloop({ key: 'pk_demo_abc123', endpoint: 'https://collector.example' })`. */
export function createOrderloop(options: OrderloopOptions): Orderloop {
  const { key } = options;
  const site = siteOfKey(key);
  if (!site) throw new Error('[orderloop] `key` is not a publishable key; expected pk_<site>_<random>');

  const environment = { ...browserEnvironment(), ...options.environment };
  const { window, now } = environment;
  const { document, location, navigator } = window;
  const warn = createWarn(options.debug ?? isDevelopment(location.hostname));
  const storageKey = `orderloop.${site}`;
  const guard = createGuard(warn);
  const cell = createCell(environment.storage, storageKey);
  const stopping = new AbortController();
  const { signal } = stopping;
  const planter = createPlanter(document);
  const unsent = createUnsent(site);
  // In memory alone until consent allows more, which may be long after the visitor has arrived.
  const landing = readArrival(location.href, now());

  let said: Choice = grant(options.consent ? CONSENT_PURPOSES : readMemory(cell)?.consent);
  const isRemembered = said.analytics_storage === 'granted';
  let held: Draft[] = [];
  const asking: SessionCallback[] = [];
  /** Whether consent and the page allow to collect, and the visitor is known. */
  let isOpen = false;
  const hasDoor = `${options.endpoint}/`.startsWith(`${location.origin}/`);
  /** The visitor as the server's cookie has it; empty when that was told to forget. */
  let remembered: string | undefined;
  let isAsking = false;

  const newId = () => uuidv7(now(), environment.random(new Uint8Array(10)));
  const consentNow = () => inForce(said, navigator);
  const isGranted = () => said.analytics_storage === 'granted';
  const idsOf = ({ visitor_id, session_id }: Visit): SessionIds => ({
    visitor_id,
    session_id,
    session_ref: sessionRef(session_id, visitor_id),
  });
  const visits = createVisits({
    cell,
    now,
    newId,
    consent: consentNow,
    remembered: () => remembered,
    changed: (visit) => planter.plant(idsOf(visit).session_ref),
  });
  const queue = createQueue({ environment, url: `${options.endpoint}/v1/events`, key, unsent, mayKeep: isGranted, warn });

  function record(event: string, more?: Partial<Draft>): void {
    if (signal.aborted) return;
    const draft = { event, event_id: newId(), occurred_at: now(), page: readPage(window), ...more };
    if (isOpen) dispatch(draft);
    else if (said.analytics_storage !== 'denied') held = [...held, draft].slice(-MAX_HELD);
  }

  /** Events that had to wait get the consent that released them: it is what they are collected under. */
  function dispatch(draft: Draft): void {
    const event = buildEvent(
      draft,
      consentNow(),
      () => visits.next(draft.arrival),
      () => readAdCookies(document),
    );
    if (event) send(event);
  }

  function send(event: EventInput): void {
    const json = toJson(event);
    if (byteLength(json) > MAX_EVENT_BYTES) warn('event_too_large', `${event.event} is over 32 KiB, and is dropped`);
    else queue.add({ event_id: event.event_id, json }, PROMPT.includes(event.event));
  }

  /** Goes on with what had to wait, if consent and the page allow it now. */
  function proceed(): void {
    if (!isGranted() || isPrerendering(document)) return;
    if (hasDoor && !remembered && !visits.current()) recall();
    if (isAsking) return;
    visits.open(isOpen ? undefined : landing);
    for (const draft of held.splice(0)) dispatch(draft);
    if (!isOpen) void queue.restore();
    isOpen = true;
    answer();
  }

  const ask = (visitor_id?: string) => askDoor(environment, options.endpoint, { key, consent: consentNow(), visitor_id });

  /** A browser that remembers nothing may have forgotten: the server's cookie is asked before a new visitor is made. */
  function recall(): void {
    isAsking = true;
    remembered = newId();
    void ask(remembered).then(settle);
  }

  /** Waits no longer: goes on with the visitor that was found, or the one that was offered. */
  function settle(found = remembered): void {
    if (isAsking) {
      remembered = found;
      isAsking = false;
      proceed();
    }
  }

  function withdraw(): void {
    const visit = visits.current();
    held = [];
    // Without a visit there is nothing to clear, and trying to would create the database.
    if (visit || isOpen) queue.clear();
    isOpen = isAsking = false;
    if (hasDoor && remembered !== '') void ask();
    remembered = '';
    visits.forget();
    planter.plant('');
    if (visit) send(buildWithdrawal(visit.visitor_id, consentNow(), newId(), now()));
    answer();
  }

  function answer(): void {
    const isDenied = said.analytics_storage === 'denied';
    if (!asking.length || !(isDenied || isOpen)) return;
    const ids = isDenied ? null : idsOf(visits.current() ?? visits.open());
    for (const callback of asking.splice(0)) guard(callback)(ids);
  }

  const readArrivalNow = () => readArrival(location.href, now());

  watchPageViews(
    window,
    signal,
    guard((isReturn) => {
      // What a page did while it was prerendered follows its view.
      const before = isReturn ? [] : held.splice(0);
      // An address that comes back out of the cache is no new arrival.
      if (options.pageView !== false) record('page_view', { arrival: isReturn ? undefined : readArrivalNow() });
      held.push(...before);
      proceed();
    }),
  );
  const leave = guard(() => {
    settle();
    queue.leave();
  });
  watchPageLeave(window, signal, leave);
  window.addEventListener(
    'storage',
    guard(({ key: changed, newValue }: StorageEvent) => {
      if (changed !== storageKey || newValue || !isGranted()) return;
      // Another tab heard the withdrawal, and has told the collector.
      said = { ...said, analytics_storage: 'denied' };
      withdraw();
    }),
    { signal },
  );

  return {
    site,
    track: guard((name: string, params?: object) => {
      if (!NAME.test(name)) return warn('event_name', 'an event’s name starts with a letter and holds letters, digits, _ . :');
      const { items, ...properties } = (params ?? {}) as { items?: unknown };
      record(name, {
        // Copied, because it may be held for a while, and pages use their objects again.
        ...(compact({ items: Array.isArray(items) ? items.slice(0, MAX_ITEMS) : undefined, properties }) as Partial<Draft>),
        arrival: name === 'page_view' ? readArrivalNow() : undefined,
      });
    }),
    identify: guard((user) => record('identify', { user: readUser(user) })),
    consent: guard((choice) => {
      const before = consentNow();
      said = { ...said, ...readChoice(choice) };
      const after = consentNow();
      if (!isGranted()) return said.analytics_storage && withdraw();
      if (before.ad_storage !== after.ad_storage) visits.adopt(landing);
      proceed();
      if (isNews(before, after, isRemembered)) record('consent_update', { properties: { method: 'api' } });
    }),
    session: guard((callback) => {
      asking.push(callback);
      answer();
    }),
    conversionId: (order_id, stage = 'purchase') => conversionId(site, order_id, stage),
    firePixels: guard((order) => firePixels(window, conversionId(site, order.order_id, 'purchase'), order)),
    flush: queue.flush,
    stop: guard(() => {
      leave();
      queue.stop();
      planter.stop();
      stopping.abort();
    }),
  };
}
