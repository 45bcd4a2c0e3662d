import { type FieldError, PROBLEMS, uuidv7 } from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import { connectionOf } from '../../config.ts';
import { type DeliveryNote, type DeliveryOutcome, describeDelivery, topicOf } from '../../deliveries/describe.ts';
import { deadLetterOf } from '../../ingest/dead-letter.ts';
import { eventsOfReading } from '../../ingest/delivery.ts';
import type { Connection, Source, SourceReading } from '../../sources/contract.ts';
import type { AppendResult } from '../../storage/contract.ts';
import { flatHeaders } from '../auth.ts';
import { BODY_LIMITS, readBody } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import type { NamedCall } from '../named-calls.ts';
import { HttpProblem, toProblem } from '../problem.ts';

export interface DeliveryReceipt {
  verdict: 'accepted' | 'duplicate' | 'ignored';
  reason?: string;
  accepted: number;
  duplicate: number;
}

/** Where orders come in: from a shop's own server, and from store platforms. */
export function orderRoutes(deps: HttpDeps): Router {
  const router = Router();

  router.post('/v1/orders', async (request: Request, response: Response) => {
    const route = request.path;
    const generic = deps.sources['generic']!;
    const note = noteOf(deps, deps.auth.siteOfSecret(request), generic.id);
    const receipt = await noted(deps, note, 202, async () => {
      const body = await readBody(request, BODY_LIMITS.server);
      const { site, key_id } = deps.auth.server(request, body.wire, deps.now());
      note.verified = true;
      const connection = connectionOf(deps.config, site, 'generic')!;
      const call = await deps.calls.begin(request, { route, site, owner: key_id, wire: body.wire, received_at: deps.now() });
      try {
        note.repeated = call.known !== undefined;
        if (call.known) response.setHeader('idempotent-replayed', 'true');
        const delivery = { route, headers: flatHeaders(request), body: body.bytes, wire: body.wire, call, note };
        return call.known ? receiptOf(call.known.results) : await take(deps, site, generic, connection, delivery);
      } finally {
        call.end();
      }
    });
    response.status(202).json(receipt);
  });

  router.post('/v1/sources/:source/:site', async (request: Request<{ source: string; site: string }>, response: Response) => {
    const { source: name, site } = request.params;
    const source = Object.hasOwn(deps.sources, name) ? deps.sources[name] : undefined;
    const connection = connectionOf(deps.config, site, name);
    // Another site's connection and one that never was answer alike.
    if (!source || !connection || name === 'generic')
      throw new HttpProblem('not_found', 'This source is not connected for this site; add it to the site’s sources.');
    const note = noteOf(deps, site, name);
    const receipt = await noted(deps, note, 200, async () => {
      const body = await readBody(request, BODY_LIMITS.source);
      return take(deps, site, source, connection, {
        route: `/v1/sources/${name}`,
        headers: flatHeaders(request),
        body: body.bytes,
        wire: body.wire,
        note,
      });
    });
    response.status(200).json(receipt);
  });

  return router;
}

const noteOf = (deps: HttpDeps, site: string | undefined, source: string): DeliveryNote => ({
  site,
  source,
  received_at: deps.now(),
  verified: false,
  repeated: false,
  topic: null,
  facts: [],
});

/** Judges a delivery, and notes what became of it: in memory, so that the answer waits for nothing more. */
async function noted(
  deps: HttpDeps,
  note: DeliveryNote,
  status: number,
  judge: () => Promise<DeliveryReceipt>,
): Promise<DeliveryReceipt> {
  const record = (outcome: DeliveryOutcome): void => {
    const { site, received_at } = note;
    if (site === undefined) return;
    deps.deliveries.note(describeDelivery({ ...note, site }, outcome, uuidv7(received_at, deps.randomBytes(10))));
  };
  try {
    const receipt = await judge();
    const verdict = note.repeated ? 'duplicate' : receipt.verdict;
    record({ status, verdict, ...(receipt.reason && { reason: receipt.reason }) });
    return receipt;
  } catch (error) {
    const { code, message, errors } = toProblem(error);
    record({
      status: PROBLEMS[code].status,
      verdict: 'rejected',
      reason: code,
      ...(message !== code && { detail: message }),
      ...(errors?.[0] && { pointer: errors[0].pointer }),
    });
    throw error;
  }
}

async function take(
  deps: HttpDeps,
  site: string,
  source: Source,
  connection: Connection,
  request: { route: string; headers: Record<string, string>; body: Buffer; wire: Buffer; call?: NamedCall; note: DeliveryNote },
): Promise<DeliveryReceipt> {
  const asked = { headers: request.headers, signed: request.wire, body: request.body };
  const certificate = await deps.certificates.of(source, asked, connection);
  const reading = source.read(asked, connection, { now: deps.now(), ...(certificate !== null && { certificate }) });
  const { note } = request;
  note.verified = reading.kind !== 'refused';
  if (note.verified) note.topic = topicOf(source.id, request.headers, request.body);
  if (reading.kind === 'facts') note.facts = reading.facts;
  if (reading.kind === 'ignored') return { verdict: 'ignored', reason: reading.reason, accepted: 0, duplicate: 0 };
  if (reading.kind === 'refused' || reading.kind === 'unusable') throw await refusal(deps, site, source.id, reading, request);
  const events = eventsOfReading(reading, { site, source: source.id, connection, received_at: deps.now(), vault: deps.vault });
  const facts = request.call?.facts;
  const results = await deps.commits.append({ events, ...(facts && { call: { ...facts, answer: '{}' } }) });
  for (const [index, result] of results.entries())
    if (result === 'duplicate') await assertSameDelivery(deps, site, events[index]!);
  return receiptOf(results);
}

function receiptOf(results: readonly AppendResult[]): DeliveryReceipt {
  const accepted = results.filter((result) => result === 'accepted').length;
  return { verdict: accepted > 0 ? 'accepted' : 'duplicate', accepted, duplicate: results.length - accepted };
}

/** The same delivery again is fine; another order under its id is a mistake of the sender, and would be lost in silence. */
async function assertSameDelivery(deps: HttpDeps, site: string, event: { event_id: string; order?: unknown }): Promise<void> {
  const known = await deps.background.events.find(site, event.event_id);
  if (known && JSON.stringify(known.order) !== JSON.stringify(event.order)) {
    throw new HttpProblem(
      'delivery_id_reused',
      'This delivery id was used for another order; give each new version an id of its own.',
    );
  }
}

async function refusal(
  deps: HttpDeps,
  site: string,
  source: string,
  reading: Extract<SourceReading, { kind: 'refused' | 'unusable' }>,
  { route, headers, body, wire }: { route: string; headers: Record<string, string>; body: Buffer; wire: Buffer },
): Promise<HttpProblem> {
  deps.metrics.rejections.inc({ code: reading.code });
  if (reading.kind === 'refused') return new HttpProblem(reading.code, reading.detail);
  const { code, pointer, detail } = reading;
  // It was signed by somebody whom we know, so nothing of it vanishes (B1).
  const facts = { site, received_at: deps.now(), stage: 'source' as const, code, pointer, detail, route, key_id: source };
  const signed = wire === body ? undefined : wire.toString('base64');
  const refused = { raw: body.toString('utf8'), headers, signed, vault: deps.vault };
  if (deps.letters.take(site, 1) > 0) await deps.commits.append({ events: [], deadLetters: [deadLetterOf(facts, refused)] });
  const errors: FieldError[] = [{ pointer, code, detail }];
  return new HttpProblem(code, detail, { errors });
}
