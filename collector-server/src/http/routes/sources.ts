import type { DeliveryVerdict, SourceConnection, SourceConnections, SourceDeliveries } from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import { type Config, connectionOf } from '../../config.ts';
import type { Connection } from '../../sources/contract.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem } from '../problem.ts';
import { count } from './count.ts';
import { wantedSite } from './wanted-site.ts';

const DAY_MS = 86_400_000;
const GENERIC = 'generic';
const NONE: Readonly<Record<DeliveryVerdict, number>> = { accepted: 0, duplicate: 0, ignored: 0, rejected: 0 };

/** How sources are connected, and what came of them lately. */
export function sourceRoutes(deps: HttpDeps): Router {
  const router = Router();

  router.get('/v1/sources', async (request, response) => {
    const reader = deps.auth.reader(request);
    const site = wantedSite(reader.site, request);
    response.json({
      connections: await readConnections(deps, site),
      public_url: deps.config.public_url ?? null,
    } satisfies SourceConnections);
  });

  router.get(
    '/v1/sources/:source/:site/deliveries',
    async (request: Request<{ source: string; site: string }>, response: Response) => {
      const reader = deps.auth.reader(request);
      const { source, site } = request.params;
      const isOwn = reader.site === undefined || reader.site === site;
      if (!isOwn || !isConnected(deps.config, site, source))
        throw new HttpProblem('not_found', 'This source is not connected for this site.');
      const deliveries = await deps.background.deliveries.list({ site, source }, count(request.query['limit'], 50));
      response.json({ deliveries } satisfies SourceDeliveries);
    },
  );

  return router;
}

const isConnected = (config: Config, site: string, source: string): boolean =>
  connectionsOf(config, site).some((connection) => connection.source === source);

interface Connected {
  site: string;
  source: string;
  connection: Connection;
}

/** What the configuration connects, and each site's own servers where they can sign. */
function connectionsOf(config: Config, wanted: string | undefined): Connected[] {
  return Object.entries(config.sites)
    .filter(([site]) => wanted === undefined || site === wanted)
    .flatMap(([site, { sources = {}, signing_secrets }]) => {
      const names = new Set([...Object.keys(sources), ...(signing_secrets.length > 0 ? [GENERIC] : [])]);
      return [...names].map((source) => ({ site, source, connection: connectionOf(config, site, source)! }));
    });
}

async function readConnections(deps: HttpDeps, wanted: string | undefined): Promise<SourceConnection[]> {
  const summaries = await deps.background.deliveries.summaries(wanted, deps.now() - DAY_MS);
  return Promise.all(
    connectionsOf(deps.config, wanted).map(async ({ site, source, connection }) => {
      const summary = summaries.find((one) => one.site === site && one.source === source);
      return {
        site,
        source,
        account: connection.account,
        path: source === GENERIC ? '/v1/orders' : `/v1/sources/${source}/${site}`,
        secrets: connection.secrets.length,
        last_delivery_at: summary?.last_delivery_at ?? null,
        last_verdict: summary?.last_verdict ?? null,
        deliveries_24h: summary?.counts ?? { ...NONE },
        poll: await readPoll(deps, { site, source, connection }),
      };
    }),
  );
}

/** Null where the platform's API is not asked. */
async function readPoll(deps: HttpDeps, { site, source, connection }: Connected): Promise<SourceConnection['poll']> {
  const api = deps.sources[source]?.api;
  if (!api?.poll || !api.isConfigured(connection)) return null;
  const state = await deps.background.connections.state(site, source);
  return { polled_at: state?.polled_at ?? null, error: state?.error ?? null };
}
