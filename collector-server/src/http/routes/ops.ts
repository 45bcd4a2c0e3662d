import { PROBLEMS } from '@orderloop/protocol';
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { openApi } from '../openapi.ts';
import { HttpProblem } from '../problem.ts';

/** What operators and machines ask for: health, metrics, the API's description. */
export function opsRoutes(deps: HttpDeps): Router {
  const router = Router();
  const description = openApi(deps.config.public_url);

  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });

  router.get('/readyz', async (_request, response) => {
    const reason = await deps.health.readiness();
    response.status(reason ? 503 : 200).json(reason ? { status: 'not_ready', reason } : { status: 'ok' });
  });

  router.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.registry.contentType).send(await readMetrics(deps));
  });

  router.get('/openapi.json', (_request, response) => {
    response.json(description);
  });

  router.get('/problems/:code', (request, response) => {
    const { code } = request.params;
    if (!Object.hasOwn(PROBLEMS, code)) throw new HttpProblem('not_found', 'No problem has this code.');
    response.json({ code, ...PROBLEMS[code as keyof typeof PROBLEMS] });
  });

  return router;
}

/** Both threads' figures. What the store can't say just now is left out: metrics matter most when something is wrong. */
async function readMetrics({ metrics, commits, disk, health, background }: HttpDeps): Promise<string> {
  const { events, bytes } = commits.load();
  metrics.queueEvents.set(events);
  metrics.queueBytes.set(bytes);
  const free = disk.free();
  if (free !== undefined) metrics.diskFreeBytes.set(free);
  metrics.ready.set((await health.readiness()) === null ? 1 : 0);
  const [size, rest] = await Promise.all([
    background.control.size().catch(() => null),
    background.control.metrics().catch(() => ''),
  ]);
  if (size) {
    metrics.storeBytes.set(size.bytes);
    metrics.walBytes.set(size.wal_bytes);
  }
  return `${await metrics.registry.metrics()}${rest}`;
}
