import { PROBLEMS } from '@orderloop/protocol';
import { Router } from 'express';
import { projectionLag } from '../../ingest/project.ts';
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
    const reason = deps.isShuttingDown()
      ? 'shutting_down'
      : await deps.storage.check().then(
          () => null,
          () => 'storage_unavailable',
        );
    response.status(reason ? 503 : 200).json(reason ? { status: 'not_ready', reason } : { status: 'ok' });
  });

  router.get('/metrics', async (_request, response) => {
    const [lag, outbox] = await Promise.all([projectionLag(deps.storage), deps.storage.outbox.counts()]);
    deps.metrics.projectorLag.set(lag);
    for (const [state, rows] of Object.entries(outbox)) deps.metrics.outbox.set({ state }, rows);
    response.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics());
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
