import type { StoredEvent } from '@orderloop/protocol';
import type { RewardOfferRow, Rewards } from '../contract.ts';
import type { Database } from './database.ts';

/** Reward offers on SQLite. Each step is one conditional update, so that only one of many callers takes it. */
export function createRewards(db: Database): Rewards {
  return {
    putOffer: (row) =>
      db.write(() => {
        db.run(
          'INSERT INTO reward_offers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)',
          row.site,
          row.nonce_hash,
          row.placement,
          row.visitor_id,
          row.session_id,
          row.points,
          row.duration_ms,
          row.expires_at,
          row.state,
          row.started_at,
        );
      }),
    offer: async (site, nonce_hash) =>
      (await db.get<RewardOfferRow>(
        'SELECT site, nonce_hash, placement, visitor_id, session_id, points, duration_ms, expires_at, state, started_at FROM reward_offers WHERE site = ? AND nonce_hash = ?',
        site,
        nonce_hash,
      )) ?? null,
    start: (site, nonce_hash, now) =>
      db.write(
        () =>
          db.run(
            "UPDATE reward_offers SET state = 'started', started_at = ? WHERE site = ? AND nonce_hash = ? AND state = 'offered'",
            now,
            site,
            nonce_hash,
          ) === 1,
      ),
    claim: (site, nonce_hash, grant) =>
      db.write(() => {
        // One visitor earns a placement once, however many offers of it are open.
        const taken = db.run(
          `UPDATE reward_offers SET state = 'claimed', unlogged = ?3 WHERE site = ?1 AND nonce_hash = ?2 AND state = 'started' AND NOT EXISTS (
             SELECT 1 FROM reward_offers other WHERE other.site = ?1 AND other.visitor_id = reward_offers.visitor_id AND other.placement = reward_offers.placement AND other.state = 'claimed')`,
          site,
          nonce_hash,
          JSON.stringify(grant),
        );
        return taken === 1;
      }),
    async unlogged(limit) {
      const rows = await db.all<{ site: string; nonce_hash: string; unlogged: string }>(
        'SELECT site, nonce_hash, unlogged FROM reward_offers WHERE unlogged IS NOT NULL LIMIT ?',
        limit,
      );
      return rows.map(({ unlogged, ...row }) => ({ ...row, grant: JSON.parse(unlogged) as StoredEvent }));
    },
    logged: (site, nonce_hash) =>
      db.write(() => {
        db.run('UPDATE reward_offers SET unlogged = NULL WHERE site = ? AND nonce_hash = ?', site, nonce_hash);
      }),
    async granted(site, visitor_id) {
      const rows = await db.all<{ points: number; placement: string }>(
        "SELECT points, placement FROM reward_offers WHERE site = ? AND visitor_id = ? AND state = 'claimed'",
        site,
        visitor_id,
      );
      return { balance: rows.reduce((sum, { points }) => sum + points, 0), placements: rows.map(({ placement }) => placement) };
    },
  };
}
