import { IDENTIFIER_TYPES, type Identifier } from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import { identifiersOfOperation, type Operation, operationEvent } from '../../persons/operate.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem } from '../problem.ts';
import { wantedSite } from './wanted-site.ts';

interface Asked {
  site?: unknown;
  identifiers?: unknown;
  undoes?: unknown;
  by?: unknown;
  reason?: unknown;
}

/** People: who it is, and what operators say of it. */
export function personRoutes(deps: HttpDeps): Router {
  const router = Router();

  router.get('/v1/persons/:id', async (request: Request<{ id: string }>, response: Response) => {
    const { site } = deps.auth.reader(request);
    const person = await deps.background.persons.read(wantedSite(site, request), request.params.id);
    if (!person) throw new HttpProblem('not_found', 'No person has, or ever had, this id.');
    response.json(person);
  });

  router.post(['/v1/persons/alias', '/v1/persons/split', '/v1/persons/undo'], async (request: Request, response: Response) => {
    const reader = deps.auth.reader(request);
    const body = parseBody((await readBody(request, BODY_LIMITS.server)).bytes, BODY_LIMITS.server) as Asked | null;
    const site = siteOf(deps, reader.site, body?.site);
    const kind = request.path.split('/').at(-1) as Operation['kind'];
    const by = typeof body?.by === 'string' && body.by !== '' ? body.by : reader.site ? 'api' : 'dashboard';
    const given = Array.isArray(body?.identifiers) ? body.identifiers : [];
    const undoes = typeof body?.undoes === 'string' ? body.undoes : undefined;
    const identifiers = kind === 'undo' ? await undone(deps, site, undoes) : given;
    const reason = typeof body?.reason === 'string' ? body.reason : undefined;
    const judged = operationEvent(
      { kind, site, identifiers, by, ...(undoes && { undoes }), ...(reason && { reason }) },
      { now: deps.now(), vault: deps.vault },
    );
    if ('error' in judged) {
      const { code, detail } = judged.error;
      throw new HttpProblem('invalid_batch', detail, { errors: [{ pointer: '/identifiers', code, detail }] });
    }
    await deps.commits.append({ events: [judged.event] });
    response.status(202).json({ event_id: judged.event.event_id });
  });

  router.post('/v1/persons/erase', async (request, response) => {
    const reader = deps.auth.reader(request);
    const body = parseBody((await readBody(request, BODY_LIMITS.server)).bytes, BODY_LIMITS.server) as Asked | null;
    const site = siteOf(deps, reader.site, body?.site);
    const [given, ...more] = Array.isArray(body?.identifiers) ? (body.identifiers as Partial<Identifier>[]) : [];
    const type = IDENTIFIER_TYPES.find((known) => known === given?.type);
    const id = type && typeof given?.value === 'string' ? deps.vault.sealIdentifier({ type, value: given.value }) : null;
    if (!id || more.length > 0) throw refusedIdentifiers('Name one identifier: [{"type": "email", "value": "ada@example.com"}].');
    const report = await deps.background.control.erase({
      site,
      id,
      by: byOf(body, reader.site),
      ...(typeof body?.reason === 'string' && { reason: body.reason }),
    });
    if (!report) throw new HttpProblem('not_found', 'Nobody has this identifier.');
    response.json(report);
  });

  return router;
}

const refusedIdentifiers = (detail: string): HttpProblem =>
  new HttpProblem('invalid_batch', detail, { errors: [{ pointer: '/identifiers', code: 'invalid_event', detail }] });

const byOf = (body: Asked | null, site: string | undefined): string =>
  typeof body?.by === 'string' && body.by !== '' ? body.by : site ? 'api' : 'dashboard';

async function undone({ background }: HttpDeps, site: string, undoes: string | undefined): Promise<unknown[]> {
  const event = undoes ? await background.events.find(site, undoes) : null;
  const ids = event && identifiersOfOperation(event);
  if (!ids) throw new HttpProblem('not_found', 'undoes must be the event_id of an alias, a split or an undo of this site.');
  return ids;
}

/** A key's own site; of a dashboard session the one that it names, or the only one that there is. */
function siteOf({ config }: HttpDeps, own: string | undefined, asked: unknown): string {
  const sites = Object.keys(config.sites);
  const site = own ?? (asked === undefined && sites.length === 1 ? sites[0] : asked);
  if (typeof site !== 'string' || !sites.includes(site))
    throw new HttpProblem('invalid_batch', 'Say which site.', {
      errors: [{ pointer: '/site', code: 'invalid_batch', detail: `One of ${sites.join(', ')}.` }],
    });
  return site;
}
