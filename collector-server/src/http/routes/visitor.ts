import { type Request, Router } from 'express';
import { cookieOf, isSameOrigin } from '../auth.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem } from '../problem.ts';

/** Thirteen months of 30 days: what European authorities take as the longest life of a consent. */
const MAX_AGE_S = 390 * 86_400;
// UUIDv7: the first 48 bits are the UTC ms of its making.
const VISITOR_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The visitor's id in a cookie of the server's own, which outlives what scripts may store (Safari: seven days). For pages
 * that reach the collector under their own origin, and nobody else: it is never shown to another (A2). Asked once, by a
 * browser that remembers nothing, so that the way of the events carries no cookies.
 */
export function visitorRoutes(deps: HttpDeps): Router {
  const router = Router();

  router.post('/v1/visitor', async (request: Request, response) => {
    const body = readRequest(parseBody((await readBody(request, BODY_LIMITS.browser)).bytes, BODY_LIMITS.browser));
    const { site, low_trust } = deps.auth.browser(request, body.key);
    if (low_trust || request.headers['sec-fetch-site'] === undefined || !isSameOrigin(request))
      throw new HttpProblem('cross_site_request', 'Ask from a page of the same origin.');
    const name = `__Host-orderloop_${site}`;
    const known = cookieOf(request, name);
    const visitor_id = body.isGranted ? (usable(known, deps.now()) ?? usable(body.visitor_id, deps.now())) : undefined;
    response.setHeader('cache-control', 'no-store');
    if (visitor_id !== known) response.setHeader('set-cookie', cookie(name, visitor_id, deps.now()));
    response.json(visitor_id ? { visitor_id } : {});
  });

  return router;
}

function readRequest(value: unknown): { key: string | undefined; visitor_id: string | undefined; isGranted: boolean } {
  const { key, visitor_id, consent } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return {
    key: typeof key === 'string' ? key : undefined,
    visitor_id: typeof visitor_id === 'string' ? visitor_id : undefined,
    isGranted: (consent as { analytics_storage?: unknown } | null | undefined)?.analytics_storage === 'granted',
  };
}

/** How long an id has left, in seconds: its life is counted from its making, and no visit makes it longer. */
const leftOf = (visitor_id: string, now: number): number =>
  Math.floor(MAX_AGE_S - (now - Number.parseInt(visitor_id.replace('-', '').slice(0, 12), 16)) / 1000);

function usable(visitor_id: string | undefined, now: number): string | undefined {
  if (visitor_id === undefined || !VISITOR_ID.test(visitor_id)) return undefined;
  const left = leftOf(visitor_id, now);
  // One from the future would live too long.
  return left > 0 && left <= MAX_AGE_S ? visitor_id : undefined;
}

/** No `visitor_id` removes what the browser keeps. */
function cookie(name: string, visitor_id: string | undefined, now: number): string {
  const life = visitor_id ? leftOf(visitor_id, now) : 0;
  return `${name}=${visitor_id ?? ''}; Path=/; Max-Age=${life}; HttpOnly; Secure; SameSite=Lax`;
}
