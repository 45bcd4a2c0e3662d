import type { StoredEvent } from '@orderloop/protocol';
import type { RewardOfferRow, Rewards } from '../contract.ts';
import type { PostgresDatabase } from './database.ts';

const UNIQUE_VIOLATION = '23505';

/** Reward offers on PostgreSQL. Each step is one conditional update, so that only one of many callers takes it. */
export function createRewards(db: PostgresDatabase): Rewards {
  return {
    async putOffer(row) {
      await db.run('INSERT INTO reward_offers VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)', [
        ...[row.site, row.nonce_hash, row.placement, row.visitor_id, row.session_id],
        ...[row.points, row.duration_ms, row.expires_at, row.state, row.started_at],
      ]);
    },
    offer: async (site, nonce_hash) =>
      (
        await db.query<RewardOfferRow>(
          `SELECT site, nonce_hash, placement, visitor_id, session_id, points, duration_ms, expires_at, state, started_at
           FROM reward_offers WHERE site = $1 AND nonce_hash = $2`,
          [site, nonce_hash],
        )
      )[0] ?? null,
    start: async (site, nonce_hash, now) =>
      (await db.run(
        "UPDATE reward_offers SET state = 'started', started_at = $3 WHERE site = $1 AND nonce_hash = $2 AND state = 'offered'",
        [site, nonce_hash, now],
      )) === 1,
    async claim(site, nonce_hash, grant) {
      try {
        const taken = await db.run(
          "UPDATE reward_offers SET state = 'claimed', unlogged = $3 WHERE site = $1 AND nonce_hash = $2 AND state = 'started'",
          [site, nonce_hash, JSON.stringify(grant)],
        );
        return taken === 1;
      } catch (error) {
        // One visitor earns a placement once, however many offers of it are open: an index says so.
        if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false;
        throw error;
      }
    },
    async unlogged(limit) {
      const rows = await db.query<{ site: string; nonce_hash: string; unlogged: string }>(
        'SELECT site, nonce_hash, unlogged FROM reward_offers WHERE unlogged IS NOT NULL LIMIT $1',
        [limit],
      );
      return rows.map(({ unlogged, ...row }) => ({ ...row, grant: JSON.parse(unlogged) as StoredEvent }));
    },
    async logged(site, nonce_hash) {
      await db.run('UPDATE reward_offers SET unlogged = NULL WHERE site = $1 AND nonce_hash = $2', [site, nonce_hash]);
    },
    async granted(site, visitor_id) {
      const rows = await db.query<{ points: number; placement: string }>(
        "SELECT points, placement FROM reward_offers WHERE site = $1 AND visitor_id = $2 AND state = 'claimed'",
        [site, visitor_id],
      );
      return { balance: rows.reduce((sum, { points }) => sum + points, 0), placements: rows.map(({ placement }) => placement) };
    },
  };
}
