import { createHash } from 'node:crypto';
import {
  type AdDecision,
  type RewardClaim,
  type RewardOffer,
  type RewardStart,
  type StoredEvent,
  uuidv7,
} from '@orderloop/protocol';
import { type Request, type Response, Router } from 'express';
import { decide, findCreative } from '../../ads/decide.ts';
import { readClickToken, signClickToken } from '../../ads/token.ts';
import type { SiteConfig } from '../../config.ts';
import { deliveryEventId } from '../../ingest/delivery.ts';
import { BODY_LIMITS, parseBody, readBody } from '../body.ts';
import { allowOrigin, answerPreflight } from '../cors.ts';
import type { HttpDeps } from '../deps.ts';
import { doorOf } from '../door.ts';
import { HttpProblem } from '../problem.ts';

const OFFER_GRACE_MS = 10 * 60_000;
const NONCE_BYTES = 16;

/** What the web components ask for: ad decisions, signed clicks, rewards. */
export function widgetRoutes(deps: HttpDeps): Router {
  const router = Router();
  router.use(['/v1/ads', '/v1/rewards'], (request, response, next) => {
    if (request.method === 'OPTIONS') return answerPreflight(request, response, deps.auth);
    allowOrigin(request, response, deps.auth);
    return next();
  });

  router.get('/v1/ads/decide', (request, response) => {
    const { site, config } = deps.auth.browser(request, text(request.query['key']));
    const placement = required(text(request.query['placement']), 'placement');
    response.setHeader('cache-control', 'no-store');
    response.json(adDecision(deps, site, config, placement, doorOf(request) ?? deps.config.public_url ?? ''));
  });

  router.get('/v1/ads/click', async (request, response) => {
    const token = readClickToken(deps.config.data_key, text(request.query['t']) ?? '', deps.now());
    const creative = token && findCreative(deps.config.sites[token.site], token.placement, token.creative_id);
    if (!token || !creative) throw new HttpProblem('not_found', 'This link has run out, or was changed.');
    // The target comes from the configuration, never from the request (R1).
    const visitor_id = id(request.query['visitor_id']);
    const session_id = id(request.query['session_id']);
    // One count a decision: later clicks still lead on, uncounted.
    const click: StoredEvent = {
      event: 'ad_click',
      event_id: deliveryEventId(token.site, 'ads', 'click', token.decision_id),
      site: token.site,
      occurred_at: deps.now(),
      received_at: deps.now(),
      action_source: 'web',
      ...(visitor_id && session_id && { visitor_id, session_id }),
      properties: { placement: token.placement, decision_id: token.decision_id, creative_id: token.creative_id },
    };
    await deps.commits.append({ events: [click] });
    response.setHeader('cache-control', 'no-store');
    response.redirect(302, creative.target_url);
  });

  router.post('/v1/rewards/offer', async (request, response) => {
    const { site, config, body } = await readWidgetBody(deps, request);
    response.json(await offer(deps, site, config, body));
  });

  router.post('/v1/rewards/start', async (request, response) => {
    const { site, body } = await readWidgetBody(deps, request);
    const row = await ownOffer(deps, site, body);
    const started_at = deps.now();
    if (row.expires_at < started_at) throw new HttpProblem('not_found', 'The offer has run out; ask for another.');
    if (!(await deps.background.rewards.start(site, row.nonce_hash, started_at)))
      throw new HttpProblem('already_claimed', 'The offer was started before.');
    response.json({ started_at, ready_at: started_at + row.duration_ms } satisfies RewardStart);
  });

  router.post('/v1/rewards/claim', async (request: Request, response: Response) => {
    const { site, body } = await readWidgetBody(deps, request);
    const row = await ownOffer(deps, site, body);
    // The server's clock alone says how long it took.
    const left = (row.started_at ?? Number.POSITIVE_INFINITY) + row.duration_ms - deps.now();
    if (row.state === 'claimed') throw new HttpProblem('already_claimed');
    if (left > 0)
      throw new HttpProblem('too_early', 'The time is not over yet.', {
        retry_after: Number.isFinite(left) ? Math.ceil(left / 1000) : 1,
      });
    if (row.expires_at < deps.now()) throw new HttpProblem('not_found', 'The offer has run out; ask for another.');
    const grant = grantEvent(deps, site, row);
    if (!(await deps.background.rewards.claim(site, row.nonce_hash, grant))) throw new HttpProblem('already_claimed');
    await deps.commits.append({ events: [grant] });
    await deps.background.rewards.logged(site, row.nonce_hash);
    const { balance } = await deps.background.rewards.granted(site, row.visitor_id);
    response.json({ grant_id: grant.event_id, points: row.points, balance } satisfies RewardClaim);
  });

  return router;
}

/** `base` is what links begin with: an address, or the path of a door. */
function adDecision(deps: HttpDeps, site: string, config: SiteConfig, placement: string, base: string): AdDecision {
  const now = deps.now();
  const decision_id = uuidv7(now, deps.randomBytes(10));
  const chosen = decide(config.ads ?? [], placement, deps.randomBytes(1)[0]! / 256);
  if (!chosen) return { decision_id, placement, creative: null };
  const { target_url: _, ...creative } = chosen;
  const token = signClickToken(deps.config.data_key, { site, placement, creative_id: chosen.creative_id, decision_id }, now);
  return {
    decision_id,
    placement,
    creative: { ...creative, click_url: `${base}/v1/ads/click?t=${token}` },
  };
}

async function offer(deps: HttpDeps, site: string, config: SiteConfig, body: Record<string, unknown>): Promise<RewardOffer> {
  const placement = required(text(body['placement']), 'placement');
  const visitor_id = id(body['visitor_id']);
  const session_id = id(body['session_id']);
  if (!visitor_id || !session_id)
    throw new HttpProblem('consent_missing', 'Points belong to a visitor: they need consent to analytics_storage.');
  const { balance, placements } = await deps.background.rewards.granted(site, visitor_id);
  const reward = config.rewards?.find((entry) => entry.placement === placement);
  if (!reward) return { offer: null, balance, reason: 'no_offer' };
  if (placements.includes(placement)) return { offer: null, balance, reason: 'already_earned' };
  const nonce = Buffer.from(deps.randomBytes(NONCE_BYTES)).toString('base64url');
  const expires_at = deps.now() + reward.duration_ms + OFFER_GRACE_MS;
  const { points, duration_ms, creative } = reward;
  await deps.background.rewards.putOffer({
    site,
    nonce_hash: hashNonce(nonce),
    placement,
    visitor_id,
    session_id,
    points,
    duration_ms,
    expires_at,
    state: 'offered',
    started_at: null,
  });
  return { offer: { nonce, points, duration_ms, expires_at, creative }, balance };
}

async function ownOffer(deps: HttpDeps, site: string, body: Record<string, unknown>) {
  const row = await deps.background.rewards.offer(site, hashNonce(required(text(body['nonce']), 'nonce')));
  // Bound to its visitor: another's nonce is as good as none.
  if (!row || row.visitor_id !== body['visitor_id'])
    throw new HttpProblem('not_found', 'There is no such offer for this visitor.');
  return row;
}

function grantEvent(
  deps: HttpDeps,
  site: string,
  row: { nonce_hash: string; placement: string; visitor_id: string; session_id: string; points: number },
): StoredEvent {
  const now = deps.now();
  return {
    event: 'reward_grant',
    event_id: uuidv7(now, deps.randomBytes(10)),
    site,
    occurred_at: now,
    received_at: now,
    action_source: 'web',
    visitor_id: row.visitor_id,
    session_id: row.session_id,
    properties: { offer_id: row.nonce_hash.slice(0, 16), placement: row.placement, points: row.points },
  };
}

async function readWidgetBody(deps: HttpDeps, request: Request) {
  const { bytes } = await readBody(request, BODY_LIMITS.browser);
  const value = parseBody(bytes, BODY_LIMITS.browser);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HttpProblem('malformed_json', 'The body must be one JSON object.');
  const body = value as Record<string, unknown>;
  const caller = deps.auth.browser(request, text(body['key']));
  if (caller.low_trust) throw new HttpProblem('origin_not_allowed', 'Points are for the pages of the site alone.');
  return { ...caller, body };
}

const hashNonce = (nonce: string): string => createHash('sha256').update(nonce).digest('base64url');
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= 2048 ? value : undefined;
const id = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value) ? value : undefined;

function required(value: string | undefined, field: string): string {
  if (!value)
    throw new HttpProblem('invalid_input', `${field} is missing.`, {
      errors: [{ pointer: `/${field}`, code: 'invalid_input', detail: 'This field is required.' }],
    });
  return value;
}
