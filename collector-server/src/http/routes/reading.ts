import type { LiveEvent, LoggedEvent, Status } from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import { isTesting } from '../../destinations/index.ts';
import type { DeadLetterState } from '../../storage/contract.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { readJourney } from '../journey.ts';
import { HttpProblem } from '../problem.ts';
import { count } from './count.ts';
import { wantedSite } from './wanted-site.ts';

const MINUTE_MS = 60_000;

/** What the dashboard and API users read, and the few things that they may change. */
export function readingRoutes(deps: HttpDeps): Router {
  const router = Router();

  router.post('/v1/dashboard/session', async (request, response) => {
    const body = parseBody((await readBody(request, BODY_LIMITS.server)).bytes, BODY_LIMITS.server) as { token?: unknown };
    const session = typeof body?.token === 'string' ? deps.auth.login(request, body.token, deps.now()) : undefined;
    if (!session) throw new HttpProblem('key_unknown', 'The token is not the configuration’s dashboard_token.');
    response.setHeader('set-cookie', session.cookie);
    response.status(204).end();
  });

  router.post('/v1/dashboard/session/end', (request, response) => {
    deps.auth.logout(request);
    response.status(204).end();
  });

  router.get('/v1/status', async (request, response) => {
    const { site } = deps.auth.reader(request);
    response.json(await status(deps, site));
  });

  router.get('/v1/events', async (request, response) => {
    const { site } = deps.auth.reader(request);
    const limit = count(request.query['limit'], 100);
    const after = request.query['after'] === undefined ? undefined : count(request.query['after'], 0, Number.MAX_SAFE_INTEGER);
    const events = await deps.background.events.newest(wantedSite(site, request), limit);
    response.json({ events: events.filter(({ position }) => after === undefined || position > after).map(toLive) });
  });

  router.get('/v1/orders', async (request, response) => {
    const { site } = deps.auth.reader(request);
    response.json({
      orders: await deps.background.projections.orders(wantedSite(site, request), count(request.query['limit'], 100)),
    });
  });

  router.get('/v1/orders/:id/journey', async (request: Request<{ id: string }>, response: Response) => {
    const { site } = deps.auth.reader(request);
    const journey = await readJourney(deps, wantedSite(site, request), request.params.id);
    if (!journey) throw new HttpProblem('not_found', 'No order has this id, key or number.');
    response.json(journey);
  });

  router.get('/v1/dead-letters', async (request, response) => {
    const { site } = deps.auth.reader(request);
    const { state, code, before } = request.query;
    const filter = {
      site: wantedSite(site, request),
      ...(isLetterState(state) && { state }),
      ...(typeof code === 'string' && { code }),
      ...(before !== undefined && { before: count(before, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) }),
    };
    const letters = await deps.background.deadLetters.list(filter, count(request.query['limit'], 100));
    response.json({ dead_letters: letters.map(({ raw: _, ...letter }) => letter) });
  });

  // All that are open, of a site or of a code; or one.
  router.post(['/v1/dead-letters/replay', '/v1/dead-letters/:id/replay'], async (request, response) => {
    const { site } = deps.auth.reader(request);
    const { code } = request.query;
    const id = request.params['id'] === undefined ? undefined : count(request.params['id'], -1, Number.MAX_SAFE_INTEGER);
    const filter = { id, site: wantedSite(site, request), ...(typeof code === 'string' && { code }) };
    const outcomes = await deps.background.control.replay(filter);
    if (id !== undefined && outcomes.length === 0) throw new HttpProblem('not_found', 'No dead letter has this id.');
    response.json({ outcomes });
  });

  router.post('/v1/dead-letters/:id/discard', async (request: Request<{ id: string }>, response: Response) => {
    const { site } = deps.auth.reader(request);
    const id = count(request.params.id, -1, Number.MAX_SAFE_INTEGER);
    if (!(await deps.background.control.discard(id, site))) throw new HttpProblem('not_found', 'No dead letter has this id.');
    response.status(204).end();
  });

  return router;
}

async function status(deps: HttpDeps, site: string | undefined): Promise<Status> {
  const [events, orders, outbox, dead_letters, lanes] = await Promise.all([
    deps.background.events.counts(deps.now() - MINUTE_MS),
    deps.background.projections.counts(),
    deps.background.outbox.counts(),
    deps.background.deadLetters.count(),
    deps.background.control.lanes(),
  ]);
  const sites = Object.entries(deps.config.sites).filter(([id]) => site === undefined || id === site);
  return {
    is_open: deps.config.open_dashboard === true,
    sites: sites.map(([id, { name }]) => ({ site: id, name })),
    events_total: events.total,
    events_last_minute: events.since,
    orders_total: orders.orders,
    orders_linked: orders.linked,
    outbox,
    dead_letters,
    destinations: sites.flatMap(([id, { destinations = [] }]) =>
      destinations.map((destination) => {
        const lane = lanes.find((found) => found.site === id && found.destination === destination.id);
        return {
          site: id,
          destination: destination.id,
          type: destination.type,
          state: lane?.paused ? ('paused' as const) : lane && lane.breaker !== 'closed' ? ('failing' as const) : ('ok' as const),
          ...(lane?.paused && { reason: lane.paused.reason }),
          test: isTesting(destination.settings),
        };
      }),
    ),
  };
}

function isLetterState(value: unknown): value is DeadLetterState {
  return value === 'open' || value === 'replayed' || value === 'discarded';
}

/** Names and places, nothing that names a person. */
function toLive(event: LoggedEvent): LiveEvent {
  const {
    position,
    site,
    event: name,
    event_id,
    occurred_at,
    received_at,
    visitor_id,
    session_id,
    action_source,
    page,
    campaign,
    click_ids,
    properties,
    flags,
  } = event;
  const value = properties?.['value'];
  const currency = properties?.['currency'];
  return {
    position,
    site,
    event: name,
    event_id,
    occurred_at,
    received_at,
    ...(visitor_id && { visitor_id }),
    ...(session_id && { session_id }),
    ...(action_source && { action_source }),
    ...(page?.url && { page_url: page.url }),
    ...(campaign && { campaign }),
    ...(click_ids && { click_ids: Object.keys(click_ids) }),
    ...(value !== undefined && { value: `${value} ${typeof currency === 'string' ? currency : ''}`.trim() }),
    ...(flags && { flags }),
  };
}
