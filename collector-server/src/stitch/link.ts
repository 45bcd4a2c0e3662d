import { LINK_KEYS, type Link, type LinkKey, type UnlinkedReason } from '@orderloop/protocol';

/** A session that shows a key which the order shows too. */
export interface Candidate {
  key: LinkKey;
  session_id: string;
  visitor_id: string;
  /** When the browser showed the key, in UTC ms, and in which event. */
  matched_at: number;
  session_event_id: string;
  order_event_id: string;
  /** The order shows another identifier of the same person. */
  by_person?: true;
}

export type LinkChoice = { link: Link | null; candidates: Link[]; unlinked_reason?: UnlinkedReason };

/**
 * The session that an order belongs to. The strongest key decides and keys are never mixed; of several sessions with
 * that key the latest one at or before the order, else the earliest after it. Of one key, what the order shows itself is stronger
 * than what its person is known by. All the others are kept, with the reason
 * why they were not it.
 */
export function chooseLink(
  site: string,
  order_key: string,
  placed_at: number,
  keyCount: number,
  candidates: readonly Candidate[],
): LinkChoice {
  const ranked = candidates
    .map((candidate) => ({ ...candidate, rank: LINK_KEYS.indexOf(candidate.key) + 1 }))
    .sort(
      (left, right) =>
        left.rank - right.rank ||
        Number(left.by_person ?? false) - Number(right.by_person ?? false) ||
        byNearness(placed_at, left, right),
    );
  const best = ranked[0];
  if (!best) return { link: null, candidates: [], unlinked_reason: keyCount === 0 ? 'no_key_on_order' : 'no_session_with_key' };
  const links = ranked.map((candidate, index): Link => {
    const chosen = index === 0;
    return {
      site,
      order_key,
      ...candidate,
      chosen,
      ...(!chosen &&
        candidate.session_id !== best.session_id && {
          rejected_because:
            candidate.rank > best.rank || candidate.by_person !== best.by_person ? 'weaker_key' : 'another_session_is_nearer',
        }),
      ...(!chosen && candidate.session_id === best.session_id && { rejected_because: 'weaker_key' }),
    };
  });
  return { link: links[0]!, candidates: links };
}

function byNearness(placed_at: number, left: Candidate, right: Candidate): number {
  const [beforeLeft, beforeRight] = [left.matched_at <= placed_at, right.matched_at <= placed_at];
  if (beforeLeft !== beforeRight) return beforeLeft ? -1 : 1;
  const distance = Math.abs(placed_at - left.matched_at) - Math.abs(placed_at - right.matched_at);
  return distance || (left.session_id < right.session_id ? -1 : left.session_id > right.session_id ? 1 : 0);
}
