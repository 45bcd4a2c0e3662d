import type { SessionIds } from '@orderloop/sdk';
import { vi } from 'vitest';

export const IDS: SessionIds = { visitor_id: 'visitor-1', session_id: 'session-1', session_ref: 'session-1_visitor-1' };

interface Asked {
  method: string;
  url: URL;
  body: Record<string, unknown>;
}

/** A collector behind `fetch`, and an SDK behind `window.orderloop`. A request without a prepared answer fails. */
export interface FakeCollector {
  asked: Asked[];
  /** Answers by path, the last one again and again: a body, a Response, or what never comes. */
  answers: Record<string, unknown[]>;
  /** What elements told the SDK, but for their questions. */
  told: unknown[][];
  names(): unknown[];
  /** Undefined while the visitor has not chosen. */
  ids: SessionIds | null | undefined;
  /** Makes the choice that waiting questions wait for. */
  choose(ids: SessionIds | null): void;
}

export function installFakeCollector(): FakeCollector {
  const waiting: ((ids: SessionIds | null) => void)[] = [];
  const fake: FakeCollector = {
    asked: [],
    answers: {},
    told: [],
    names: () => fake.told.map(([, name]) => name),
    ids: IDS,
    choose(ids) {
      fake.ids = ids;
      for (const answer of waiting.splice(0)) answer(ids);
    },
  };
  const run = (command: string, ...args: unknown[]) => {
    const [callback] = args as [(value: unknown) => void];
    if (command === 'ready') callback({ key: 'pk_demo_x1', site: 'demo', endpoint: 'https://collector.example' });
    else if (command !== 'session') fake.told.push([command, ...args]);
    else if (fake.ids === undefined) waiting.push(callback);
    else callback(fake.ids);
  };
  window.orderloop = run as NonNullable<Window['orderloop']>;
  vi.stubGlobal('fetch', async (address: string, init: RequestInit = {}) => {
    const url = new URL(address);
    const { method = 'GET', body, signal } = init;
    fake.asked.push({ method, url, body: body ? JSON.parse(body as string) : {} });
    const answers = fake.answers[url.pathname] ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === NEVER) return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
    if (answer === undefined) throw new TypeError('Failed to fetch');
    return answer instanceof Response ? answer.clone() : Response.json(answer);
  });
  return fake;
}

export const NEVER = Symbol('an answer that never comes');

export function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ status, code, ...more }, { status, headers: { 'content-type': 'application/problem+json' } });
}

export function uninstallFakeCollector(): void {
  vi.unstubAllGlobals();
  delete window.orderloop;
}
