import type { Arrival } from './arrival.ts';
import { type Choice, grantedPurposes } from './consent.ts';
import { adoptClicks, continueVisit, type Visit } from './session.ts';
import type { Cell } from './storage.ts';

/** The visit in this browser's storage. Other tabs write it too, so it is read again each time. */
export interface Visits {
  current(): Visit | undefined;
  /** The visit as it goes on now. */
  open(arrival?: Arrival): Visit;
  /** The visit for one more event: its `seq` is that event's alone. */
  next(arrival?: Arrival): Visit;
  /** Adds a click that could not be kept when it came. */
  adopt(landing: Arrival): void;
  forget(): void;
}

interface VisitsOptions {
  cell: Cell;
  now(): number;
  newId(): string;
  consent(): Choice;
  /** The visitor whom something other than this storage remembers. */
  remembered?(): string | undefined;
  /** Called with each visit that was written. */
  changed(visit: Visit): void;
}

interface Memory extends Visit {
  /** The purposes that were granted; a refusal is never stored. */
  consent?: unknown;
}

export function readMemory(cell: Cell): Memory | undefined {
  const memory = cell.read() as Memory | undefined;
  return typeof memory?.visitor_id === 'string' && typeof memory.session_id === 'string' ? memory : undefined;
}

export function createVisits({ cell, now, newId, consent, remembered, changed }: VisitsOptions): Visits {
  const mayKeepClicks = () => consent().ad_storage === 'granted';

  function write(visit: Visit): void {
    const { clicks, click_ids, ...rest } = visit;
    cell.write({ ...rest, ...(mayKeepClicks() && { clicks, click_ids }), consent: grantedPurposes(consent()) });
    changed(visit);
  }

  function upTo(arrival: Arrival | undefined): Visit {
    const allowed = arrival && !mayKeepClicks() ? { ...arrival, clicks: {} } : arrival;
    return continueVisit(readMemory(cell), allowed, now(), newId, remembered?.());
  }

  return {
    current: () => readMemory(cell),
    open(arrival) {
      const visit = upTo(arrival);
      write(visit);
      return visit;
    },
    next(arrival) {
      const visit = upTo(arrival);
      write({ ...visit, seq: (visit.seq || 0) + 1, active_at: now() });
      return visit;
    },
    adopt(landing) {
      const visit = readMemory(cell);
      if (visit && mayKeepClicks()) write(adoptClicks(visit, landing, now()));
    },
    forget: () => cell.remove(),
  };
}
