import type {
  DeliveryState,
  DestinationDelivery,
  DestinationDetail,
  DestinationReconciliation,
  DestinationSummary,
} from '@orderloop/protocol';
import { DELIVERY_STATES } from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import type { DestinationConfig } from '../../config.ts';
import { DESTINATIONS, isTesting, sunsetOf } from '../../destinations/index.ts';
import { IDENTIFIERS } from '../../relay/record.ts';
import type { OutboxRow } from '../../storage/contract.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem } from '../problem.ts';
import { count } from './count.ts';
import { wantedSite } from './wanted-site.ts';

const MONTH_MS = 30 * 86_400_000;
const LATENCIES = 1_000;
const PAGE = 500;
const MAX_EXPORT = 100_000;

type Place = Request<{ site: string; destination: string }>;

/** How destinations are connected, what they were told, and the few things that may be done about it. */
export function destinationRoutes(deps: HttpDeps): Router {
  const router = Router();

  /** The destination that an address names, of a site that the reader may see. */
  const configured = (request: Place): DestinationConfig => {
    const reader = deps.auth.reader(request);
    const { site, destination } = request.params;
    const config = deps.config.sites[site]?.destinations?.find(({ id }) => id === destination);
    if (!config || (reader.site !== undefined && reader.site !== site))
      throw new HttpProblem('not_found', 'This site has no destination of this name.');
    return config;
  };

  router.get('/v1/destinations', async (request, response) => {
    const { site } = deps.auth.reader(request);
    response.json({ destinations: await readDestinations(deps, wantedSite(site, request)) });
  });

  router.get('/v1/destinations/:site/:destination', async (request: Place, response: Response) => {
    configured(request);
    response.json(await readDetail(deps, request.params));
  });

  router.get('/v1/destinations/:site/:destination/deliveries', async (request: Place, response: Response) => {
    configured(request);
    const { state, reason, after, format } = request.query;
    const filter = {
      ...request.params,
      states: isState(state) ? [state] : DELIVERY_STATES,
      ...(typeof reason === 'string' && { reason }),
    };
    const from = after === undefined ? 0 : count(after, 0, Number.MAX_SAFE_INTEGER);
    if (format === 'csv') return exportCsv(deps, filter, response);
    const rows = await deps.background.outbox.list(filter, from, count(request.query['limit'], 100));
    response.json({ deliveries: rows.map(toDelivery) });
  });

  router.get('/v1/destinations/:site/:destination/reconciliation', async (request: Place, response: Response) => {
    configured(request);
    const to = instant(request.query['to'], 'to') ?? deps.now();
    const from = instant(request.query['from'], 'from') ?? to - MONTH_MS;
    const rows = await deps.background.projections.reconcile(request.params, from, to);
    const orders = rows.reduce((sum, row) => sum + row.orders, 0);
    response.json({ from, to, orders, rows } satisfies DestinationReconciliation);
  });

  router.post('/v1/destinations/:site/:destination/resume', async (request: Place, response: Response) => {
    configured(request);
    const { site, destination } = request.params;
    response.json({ released: await deps.background.control.resume(site, destination) });
  });

  router.post('/v1/destinations/:site/:destination/verify', async (request: Place, response: Response) => {
    configured(request);
    const { settings = {} } = await bodyOf<{ settings?: Record<string, unknown> }>(request);
    response.json(await deps.background.control.verify(request.params, testSettings(settings)));
  });

  router.post('/v1/destinations/:site/:destination/replay', async (request: Place, response: Response) => {
    configured(request);
    const { reason, conversion_id, dry_run } = await bodyOf<{ reason?: unknown; conversion_id?: unknown; dry_run?: unknown }>(
      request,
    );
    const filter = {
      ...request.params,
      ...(typeof reason === 'string' && { reason }),
      ...(typeof conversion_id === 'string' && { conversion_id }),
    };
    response.json(await deps.background.control.replayDeliveries(filter, dry_run === true));
  });

  return router;
}

async function bodyOf<T extends object>(request: Request): Promise<T> {
  const { bytes } = await readBody(request, BODY_LIMITS.server);
  return (bytes.length === 0 ? {} : parseBody(bytes, BODY_LIMITS.server)) as T;
}

const isState = (value: unknown): value is DeliveryState => DELIVERY_STATES.some((state) => state === value);

/** What a test request may bring along is a test code, and no other address or key. */
function testSettings(settings: Record<string, unknown>): Record<string, unknown> {
  const allowed = ['test_event_code', 'test_id'];
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => allowed.includes(name) && typeof value === 'string'),
  );
}

function instant(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  const at = typeof value === 'string' ? (/^\d+$/.test(value) ? Number(value) : Date.parse(value)) : Number.NaN;
  if (Number.isNaN(at)) throw new HttpProblem('invalid_time', `${name} must be RFC 3339 or UTC ms.`);
  return at;
}

async function readDestinations(deps: HttpDeps, wanted: string | undefined): Promise<DestinationSummary[]> {
  const [tally, lanes] = await Promise.all([deps.background.outbox.tally(wanted), deps.background.control.lanes()]);
  return Object.entries(deps.config.sites)
    .filter(([site]) => wanted === undefined || site === wanted)
    .flatMap(([site, { destinations = [] }]) =>
      destinations.map(({ id, type, settings }): DestinationSummary => {
        const destination = DESTINATIONS[type];
        const rows = tally.filter((row) => row.site === site && row.destination === id);
        const lane = lanes.find((found) => found.site === site && found.destination === id);
        const counts = Object.fromEntries(
          DELIVERY_STATES.map((state) => [
            state,
            rows.filter((row) => row.state === state).reduce((sum, row) => sum + row.count, 0),
          ]),
        ) as Record<DeliveryState, number>;
        const waiting = rows.filter(({ state }) => state === 'waiting' || state === 'sending' || state === 'paused');
        const warning = destination && sunsetOf(destination, settings, deps.now());
        return {
          site,
          destination: id,
          type,
          name: destination?.name ?? type,
          api_version: String(settings['api_version'] ?? destination?.apiVersion ?? ''),
          state: !destination ? 'unknown_type' : lane?.paused ? 'paused' : lane && lane.breaker !== 'closed' ? 'failing' : 'ok',
          ...(lane?.paused && { paused: { reason: lane.paused.reason, at: lane.paused.paused_at } }),
          test: isTesting(settings),
          faults: destination?.checkSettings(settings) ?? [],
          ...(warning && { sunset: warning }),
          refund: destination?.capabilities.refund ?? 'none',
          verification: destination?.verification
            ? { effect: destination.verification.effect, needs: [...(destination.verification.needs ?? [])] }
            : null,
          counts,
          reasons: rows
            .filter((row) => row.reason !== undefined)
            .map(({ state, reason = '', count: n }) => ({ state, reason, count: n }))
            .sort((one, other) => other.count - one.count),
          oldest_waiting_at: waiting.length === 0 ? null : Math.min(...waiting.map(({ oldest_at }) => oldest_at)),
        };
      }),
    );
}

async function readDetail(
  deps: HttpDeps,
  { site, destination }: { site: string; destination: string },
): Promise<DestinationDetail> {
  const [all, quality] = await Promise.all([
    readDestinations(deps, site),
    deps.background.outbox.quality({ site, destination }, LATENCIES),
  ]);
  const summary = all.find((one) => one.destination === destination)!;
  const accepted = quality.identifiers.reduce((sum, row) => sum + row.count, 0);
  const sorted = quality.latencies_ms.toSorted((one, other) => one - other);
  const at = (part: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
  return {
    ...summary,
    match_quality: {
      accepted,
      identifiers: IDENTIFIERS.map((name) => ({
        name,
        count: quality.identifiers
          .filter((row) => row.identifiers.split(',').includes(name))
          .reduce((sum, row) => sum + row.count, 0),
      })),
    },
    latency: { count: sorted.length, p50_ms: at(0.5), p95_ms: at(0.95) },
  };
}

function toDelivery({ snapshot: _, fence: __, receipt: ___, ...row }: OutboxRow): DestinationDelivery {
  return row;
}

const CSV_FIELDS = [
  'conversion_id',
  'state',
  'reason',
  'detail',
  'attempts',
  'told',
  'created_at',
  'accepted_at',
  'trace',
] as const;

/** As it is read, a page at a time: an export of any length takes no memory. */
async function exportCsv(
  deps: HttpDeps,
  filter: Parameters<HttpDeps['background']['outbox']['list']>[0],
  response: Response,
): Promise<void> {
  response.setHeader('content-type', 'text/csv; charset=utf-8');
  response.setHeader('content-disposition', `attachment; filename="${filter.site}-${filter.destination}.csv"`);
  response.write(`${CSV_FIELDS.join(',')}\r\n`);
  let after = 0;
  for (let seen = 0; seen < MAX_EXPORT; seen += PAGE) {
    const rows = await deps.background.outbox.list(filter, after, PAGE);
    if (rows.length === 0) break;
    after = rows.at(-1)!.id;
    const lines = rows.map((row) => CSV_FIELDS.map((field) => csvText(field, row[field])).join(','));
    response.write(`${lines.join('\r\n')}\r\n`);
  }
  response.end();
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection). */
function csvText(field: string, value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return field.endsWith('_at') ? new Date(value).toISOString() : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
