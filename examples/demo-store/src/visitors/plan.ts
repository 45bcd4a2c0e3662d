import { uuidv7 } from '@orderloop/protocol';
import { findProduct, PRODUCTS, type Product, type Slug } from '../catalogue.ts';
import { BUYING, type Channel, type Landing, landOn, pickChannel } from './channels.ts';
import { inventPerson, type Person } from './people.ts';
import { createRandom, type Random } from './random.ts';

const DAY_MS = 24 * 3600_000;
const MINUTE_MS = 60_000;
/** So long before now the last session has begun, so that all of it is past. */
const QUIET_MS = 45 * MINUTE_MS;

/** How busy the hours of a day are, from midnight on. */
const HOURS = [3, 2, 1, 1, 1, 2, 4, 7, 8, 8, 9, 10, 12, 10, 8, 8, 9, 11, 14, 18, 22, 21, 14, 7];

/** How an order can be found again: by the session's reference, by the e-mail alone, or not at all. */
export type Trace = 'session' | 'email' | 'none';

export interface Basket {
  slug: Slug;
  quantity: number;
}

export type Step =
  | { kind: 'page'; at: number; path: string; title: string }
  | { kind: 'item'; at: number; product: Product }
  | { kind: 'add'; at: number; line: Basket }
  | { kind: 'cart' | 'checkout' | 'identify'; at: number; basket: Basket[] }
  | { kind: 'order'; at: number; basket: Basket[]; trace: Trace };

export interface PlannedSession {
  session_id: string;
  landing: Landing;
  steps: Step[];
}

export interface PlannedVisitor {
  visitor_id: string;
  person: Person;
  /** Without it, their browser tells nobody anything. */
  consented: boolean;
  channel: Channel;
  sessions: PlannedSession[];
}

export interface DayOptions {
  seed: number;
  /** The end of the day, in UTC ms. */
  now: number;
  visitors: number;
}

/** A day of visitors, the earliest first: the same for the same seed and end. */
export function planDay({ seed, now, visitors }: DayOptions): PlannedVisitor[] {
  const random = createRandom(seed);
  const decide = createShare(random);
  const day = Array.from({ length: visitors }, (_, index) => planVisitor(random, decide, now, index));
  return day.sort((a, b) => a.sessions[0]!.steps[0]!.at - b.sessions[0]!.steps[0]!.at);
}

/** Says yes as often as the probabilities add up to: with dice, one day would have twice as many orders as the next. */
function createShare(random: Random): (probability: number) => boolean {
  let due = random.number();
  return (probability) => {
    due += probability;
    if (due < 1) return false;
    due -= 1;
    return true;
  };
}

function planVisitor(random: Random, decide: (probability: number) => boolean, now: number, index: number): PlannedVisitor {
  const channel = pickChannel(random);
  const begins = pickTime(random, now);
  const consented = random.chance(0.75);
  // Who says no to the banner is, more often than others, only passing.
  const buys = decide(BUYING[channel] * (consented ? 1 : 0.4));
  const latest = now - QUIET_MS;
  const returns = begins + 2 * 3600_000 < latest && random.chance(buys ? 0.4 : 0.15);
  const visitor: PlannedVisitor = {
    visitor_id: uuidv7(begins, random.bytes(10)),
    person: inventPerson(random, index + 1),
    consented,
    channel,
    sessions: [planSession(random, begins, landOn(channel, random), buys && !returns, consented)],
  };
  if (returns) {
    const at = random.between(begins + 3600_000, latest);
    const again = landOn(random.pick(['direct', 'direct', 'email', 'organic'] as const), random);
    visitor.sessions.push(planSession(random, at, again, buys, consented));
  }
  return visitor;
}

function planSession(random: Random, begins: number, landing: Landing, buys: boolean, consented: boolean): PlannedSession {
  const steps: Step[] = [];
  let at = begins;
  const later = (least: number, most: number) => {
    at += random.between(least * 1000, most * 1000);
    return at;
  };
  const look = (product: Product) => {
    steps.push({ kind: 'page', at: later(8, 70), path: `/products/${product.slug}`, title: `${product.name} · Mooring` });
    steps.push({ kind: 'item', at: at + 5, product });
  };

  steps.push({ kind: 'page', at, path: landing.path, title: 'Mooring' });
  const landed = findProduct(landing.path.slice('/products/'.length));
  if (landed) steps.push({ kind: 'item', at: at + 5, product: landed });
  const seen: Product[] = landed ? [landed] : [];
  for (let views = random.between(buys ? 1 : 0, buys ? 3 : 2); views > 0; views--) {
    const product = random.pick(PRODUCTS);
    seen.push(product);
    look(product);
  }

  const basket: Basket[] = [];
  if (buys || (seen.length > 0 && random.chance(0.22))) {
    for (const product of seen.slice(-random.between(1, 2))) {
      if (basket.some(({ slug }) => slug === product.slug)) continue;
      const line = { slug: product.slug, quantity: random.chance(0.15) ? 2 : 1 };
      basket.push(line);
      steps.push({ kind: 'add', at: later(5, 30), line });
    }
    steps.push({ kind: 'page', at: later(1, 3), path: '/cart', title: 'Mooring' });
    steps.push({ kind: 'cart', at: at + 5, basket });
    if (buys || random.chance(0.4)) {
      steps.push({ kind: 'page', at: later(6, 40), path: '/checkout', title: 'Mooring' });
      steps.push({ kind: 'checkout', at: at + 5, basket });
    }
  }
  if (buys) {
    const trace = consented ? random.weighed({ session: 82, email: 14, none: 4 }) : 'none';
    if (consented && trace !== 'none') steps.push({ kind: 'identify', at: later(40, 120), basket });
    steps.push({ kind: 'order', at: later(5, 20), basket, trace });
  }
  return { session_id: uuidv7(begins, random.bytes(10)), landing, steps };
}

/** A moment of the past day, busy hours more often, and nothing in the last three quarters of an hour. */
function pickTime(random: Random, now: number): number {
  const busiest = Math.max(...HOURS);
  for (;;) {
    const at = now - random.between(QUIET_MS, DAY_MS - 1);
    if (random.chance(HOURS[new Date(at).getUTCHours()]! / busiest)) return at;
  }
}
