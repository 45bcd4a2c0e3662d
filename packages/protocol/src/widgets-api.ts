import Type, { type Static } from 'typebox';

/** `GET /v1/ads/decide?placement=…&format=banner`: what to show; `creative` is null when there is nothing to show. */
export const AdDecisionSchema = Type.Object({
  decision_id: Type.String(),
  placement: Type.String(),
  creative: Type.Union([
    Type.Null(),
    Type.Object({
      creative_id: Type.String(),
      headline: Type.String(),
      text: Type.Optional(Type.String()),
      call_to_action: Type.String(),
      image: Type.Optional(
        Type.Object({ url: Type.String(), alt: Type.String(), width: Type.Integer(), height: Type.Integer() }),
      ),
      advertiser: Type.String(),
      click_url: Type.String({ description: 'A signed redirect of the collector; valid for 24 h.' }),
    }),
  ]),
});
export type AdDecision = Static<typeof AdDecisionSchema>;

/** `POST /v1/rewards/offer` `{placement, visitor_id, session_id}`: what can be earned, or why not. */
export const RewardOfferSchema = Type.Object({
  offer: Type.Union([
    Type.Null(),
    Type.Object({
      nonce: Type.String({ description: 'Single use; names the offer in `start` and `claim`.' }),
      points: Type.Integer(),
      duration_ms: Type.Integer({ description: 'How long the visitor must engage; measured by the server.' }),
      expires_at: Type.Integer(),
      creative: Type.Object({ headline: Type.String(), text: Type.String(), advertiser: Type.String() }),
    }),
  ]),
  balance: Type.Integer({ description: 'Points that the visitor holds.' }),
  reason: Type.Optional(Type.Union([Type.Literal('already_earned'), Type.Literal('no_offer')])),
});
export type RewardOffer = Static<typeof RewardOfferSchema>;

/** `POST /v1/rewards/start` `{nonce, visitor_id}`. */
export const RewardStartSchema = Type.Object({ started_at: Type.Integer(), ready_at: Type.Integer() });
export type RewardStart = Static<typeof RewardStartSchema>;

/** `POST /v1/rewards/claim` `{nonce, visitor_id}`: too early answers 409 `too_early`, a second time 409 `already_claimed`. */
export const RewardClaimSchema = Type.Object({ grant_id: Type.String(), points: Type.Integer(), balance: Type.Integer() });
export type RewardClaim = Static<typeof RewardClaimSchema>;
