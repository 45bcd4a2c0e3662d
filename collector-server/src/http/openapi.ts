import {
  AdDecisionSchema,
  ConversionSchema,
  DocumentedBatchSchema,
  EventSchema,
  OrderInputSchema,
  OrderSchema,
  OrderUpdateSchema,
  PROBLEMS,
  RewardClaimSchema,
  RewardOfferSchema,
  RewardStartSchema,
  SourceConnectionsSchema,
  SourceDeliveriesSchema,
} from '@orderloop/protocol';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } });
const problems = {
  default: { description: 'A problem (RFC 9457).', content: { 'application/problem+json': { schema: ref('Problem') } } },
};
const parameter = (name: string, where: 'path' | 'query', description: string, required = where === 'path') => ({
  name,
  in: where,
  required,
  description,
  schema: { type: 'string' },
});

const lane = [parameter('site', 'path', 'The site.'), parameter('destination', 'path', 'Its destination.')];

/** The API's description (OpenAPI 3.1), from the same schemas that check what comes in. */
const IDENTITY_OPERATIONS = {
  alias: 'Say that two identifiers are one person: {identifiers: [{type, value}, …], by, reason}',
  split: 'Say that two identifiers are never one person',
  undo: 'Take an alias, a split or an undo back: {undoes}',
} as const;

export function openApi(publicUrl: string | undefined): unknown {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Orderloop collector',
      version: '1',
      description: 'Events and orders in; journeys and reports out.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: {
      '/v1/events': {
        post: {
          summary: 'A batch of events; 202 once durable',
          description:
            'Browsers send a publishable key as `key`; servers send `Authorization: Bearer sk_…` and sign by Standard Webhooks.',
          security: [{}, { secretKey: [] }],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: ref('Batch') }, 'text/plain': { schema: ref('Batch') } },
          },
          responses: {
            202: { description: 'At least one event was good, and is on disk.', ...json(ref('BatchReceipt')) },
            ...problems,
          },
        },
        get: {
          summary: 'The newest events',
          security: [{ secretKey: [] }],
          parameters: [
            parameter('after', 'query', 'Only events after this position.'),
            parameter('limit', 'query', 'At most 500.'),
          ],
          responses: { 200: { description: 'Newest first.' }, ...problems },
        },
      },
      '/v1/orders': {
        post: {
          summary: 'One order or up to 100, or newer versions of them, whole or in part',
          description: 'Signed by Standard Webhooks; `webhook-id` is the idempotency key.',
          security: [{ secretKey: [] }],
          requestBody: {
            required: true,
            ...json({
              anyOf: [
                ref('OrderInput'),
                ref('OrderUpdate'),
                {
                  type: 'object',
                  required: ['orders'],
                  properties: {
                    orders: { type: 'array', maxItems: 100, items: { anyOf: [ref('OrderInput'), ref('OrderUpdate')] } },
                  },
                },
              ],
            }),
          },
          responses: { 202: { description: 'On disk, or known already.' }, ...problems },
        },
        get: {
          summary: 'Orders, newest first',
          security: [{ secretKey: [] }],
          parameters: [parameter('limit', 'query', 'At most 500.')],
          responses: { 200: { description: 'Order summaries.' }, ...problems },
        },
      },
      '/v1/orders/{id}/journey': {
        get: {
          summary: 'One order, its evidence, its touchpoints, its conversions and every relay attempt',
          security: [{ secretKey: [] }],
          parameters: [parameter('id', 'path', 'The order’s id, number or key.')],
          responses: { 200: { description: 'The journey.' }, ...problems },
        },
      },
      '/v1/sources/{source}/{site}': {
        post: {
          summary: 'A store platform’s webhook, verified by its own signature',
          parameters: [parameter('source', 'path', 'shopify, generic …'), parameter('site', 'path', 'The site.')],
          requestBody: { required: true, ...json({ type: 'object' }) },
          responses: { 200: { description: 'Accepted, known already, or nothing for us.' }, ...problems },
        },
      },
      '/v1/sources': {
        get: {
          summary: 'How sources are connected, and what came of them in the last day',
          security: [{ secretKey: [] }],
          parameters: [parameter('site', 'query', 'One site alone.')],
          responses: { 200: { description: 'Every connection.', ...json(ref('SourceConnections')) }, ...problems },
        },
      },
      '/v1/sources/{source}/{site}/deliveries': {
        get: {
          summary: 'The last deliveries of a source, each with what became of it, newest first',
          security: [{ secretKey: [] }],
          parameters: [
            parameter('source', 'path', 'shopify …; `generic` for `POST /v1/orders`.'),
            parameter('site', 'path', 'The site.'),
            parameter('limit', 'query', 'At most 500; about 200 are kept.'),
          ],
          responses: { 200: { description: 'The deliveries.', ...json(ref('SourceDeliveries')) }, ...problems },
        },
      },
      '/v1/ads/decide': {
        get: {
          summary: 'An ad decision',
          parameters: [
            parameter('key', 'query', 'Publishable key.', true),
            parameter('placement', 'query', 'Which slot.', true),
            parameter('format', 'query', 'banner.'),
          ],
          responses: { 200: { description: 'What to show.', ...json(ref('AdDecision')) }, ...problems },
        },
      },
      '/v1/ads/click': {
        get: {
          summary: 'A signed click redirect',
          parameters: [parameter('t', 'query', 'The token of a decision.', true)],
          responses: { 302: { description: 'To the creative’s target.' }, ...problems },
        },
      },
      '/v1/rewards/offer': {
        post: {
          summary: 'What can be earned here',
          responses: { 200: { description: 'An offer, or why there is none.', ...json(ref('RewardOffer')) }, ...problems },
        },
      },
      '/v1/rewards/start': {
        post: {
          summary: 'The visitor begins',
          responses: { 200: { description: 'When it can be claimed.', ...json(ref('RewardStart')) }, ...problems },
        },
      },
      '/v1/rewards/claim': {
        post: {
          summary: 'The visitor claims',
          responses: { 200: { description: 'The grant.', ...json(ref('RewardClaim')) }, ...problems },
        },
      },
      '/v1/visitor': {
        post: {
          summary: 'The visitor whom the server’s cookie remembers',
          description:
            'For pages of the collector’s own origin. Takes `{key, visitor_id, consent}`; answers whom the cookie names, or takes the one that is offered. Without `analytics_storage: granted` it removes the cookie.',
          responses: { 200: { description: 'The visitor, or nothing.' }, ...problems },
        },
      },
      '/v1/status': {
        get: {
          summary: 'Counts, and the state of destinations',
          security: [{ secretKey: [] }],
          responses: { 200: { description: 'The status.' }, ...problems },
        },
      },
      '/v1/persons/{id}': {
        get: {
          summary: 'Who it is, and why: identifiers, devices, visits, orders, conflicts',
          security: [{ secretKey: [] }],
          parameters: [parameter('id', 'path', 'Any id that the person ever had; of one site, also a visitor’s.')],
          responses: { 200: { description: 'The person.' }, ...problems },
        },
      },
      ...Object.fromEntries(
        Object.entries(IDENTITY_OPERATIONS).map(([path, summary]) => [
          `/v1/persons/${path}`,
          {
            post: {
              summary,
              security: [{ secretKey: [] }],
              responses: { 202: { description: 'The event_id of what was said; `undo` takes it back.' }, ...problems },
            },
          },
        ]),
      ),
      '/v1/persons/erase': {
        post: {
          summary:
            'Erase who has an identifier: {identifiers: [{type, value}], by, reason}. Can’t be undone; orders stay, without the person',
          security: [{ secretKey: [] }],
          responses: { 200: { description: 'How many events and orders hold nothing of the person any more.' }, ...problems },
        },
      },
      '/v1/dead-letters': {
        get: {
          summary: 'What was refused, and why',
          security: [{ secretKey: [] }],
          responses: { 200: { description: 'Newest first.' }, ...problems },
        },
      },
      '/v1/dashboard/session': {
        post: { summary: 'Sign in to the dashboard', responses: { 204: { description: 'Signed in.' }, ...problems } },
      },
      '/v1/dashboard/session/end': { post: { summary: 'Sign out', responses: { 204: { description: 'Signed out.' } } } },
      '/v1/destinations': {
        get: {
          summary: 'Every destination: its state, what it was told, and why not',
          security: [{ secretKey: [] }],
          responses: { 200: { description: 'Destinations.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}': {
        get: {
          summary: 'One destination, with its match quality and latency',
          security: [{ secretKey: [] }],
          parameters: lane,
          responses: { 200: { description: 'The destination.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}/deliveries': {
        get: {
          summary: 'What became of each conversion at a destination, oldest first',
          security: [{ secretKey: [] }],
          parameters: [
            ...lane,
            parameter('state', 'query', 'One of waiting, sending, pending, delivered, dead, skipped, paused.'),
            parameter('reason', 'query', 'Only those with this reason.'),
            parameter('after', 'query', 'Only those after this id.'),
            parameter('limit', 'query', 'At most 500.'),
            parameter('format', 'query', 'csv answers a file of up to 100,000.'),
          ],
          responses: { 200: { description: 'Deliveries, or CSV.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}/reconciliation': {
        get: {
          summary: 'What became of every order of a time at a destination; the counts add up',
          security: [{ secretKey: [] }],
          parameters: [
            ...lane,
            parameter('from', 'query', 'RFC 3339 or UTC ms; 30 days before `to` otherwise.'),
            parameter('to', 'query', 'RFC 3339 or UTC ms; now otherwise.'),
          ],
          responses: { 200: { description: 'Rows and their sum.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}/verify': {
        post: {
          summary: 'Send the platform’s own test request, and read its verdict',
          security: [{ secretKey: [] }],
          parameters: lane,
          responses: { 200: { description: 'The verdict, or why no test can be sent.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}/replay': {
        post: {
          summary: 'Send given-up conversions again, or say with `dry_run` what that would do',
          security: [{ secretKey: [] }],
          parameters: lane,
          responses: { 200: { description: 'How many are sent, and how many are not, by reason.' }, ...problems },
        },
      },
      '/v1/destinations/{site}/{destination}/resume': {
        post: {
          summary: 'Take up a paused destination again',
          security: [{ secretKey: [] }],
          parameters: lane,
          responses: { 200: { description: 'How many conversions waited.' }, ...problems },
        },
      },
      '/healthz': { get: { summary: 'The process turns', responses: { 200: { description: 'ok' } } } },
      '/readyz': {
        get: {
          summary: 'The store can be written to',
          responses: { 200: { description: 'ok' }, 503: { description: 'A reason code.' } },
        },
      },
      '/metrics': { get: { summary: 'Prometheus metrics', responses: { 200: { description: 'Text format.' } } } },
      '/problems/{code}': {
        get: {
          summary: 'What a problem code means',
          parameters: [parameter('code', 'path', 'A code.')],
          responses: { 200: { description: 'Its entry.' }, ...problems },
        },
      },
    },
    components: {
      securitySchemes: {
        secretKey: { type: 'http', scheme: 'bearer', description: 'A secret key (sk_…); writing calls are signed as well.' },
      },
      schemas: {
        Batch: DocumentedBatchSchema,
        BatchReceipt: {
          type: 'object',
          required: ['accepted', 'duplicate', 'rejected'],
          properties: {
            accepted: { type: 'integer' },
            duplicate: { type: 'integer' },
            rejected: { type: 'array', items: ref('FieldError') },
          },
        },
        Event: EventSchema,
        OrderInput: OrderInputSchema,
        OrderUpdate: OrderUpdateSchema,
        Order: OrderSchema,
        Conversion: ConversionSchema,
        AdDecision: AdDecisionSchema,
        RewardOffer: RewardOfferSchema,
        RewardStart: RewardStartSchema,
        RewardClaim: RewardClaimSchema,
        SourceConnections: SourceConnectionsSchema,
        SourceDeliveries: SourceDeliveriesSchema,
        FieldError: {
          type: 'object',
          required: ['pointer', 'code', 'detail'],
          properties: {
            index: { type: 'integer' },
            event_id: { type: 'string' },
            pointer: { type: 'string', description: 'RFC 6901.' },
            code: { type: 'string' },
            detail: { type: 'string' },
          },
        },
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string', enum: Object.keys(PROBLEMS) },
            detail: { type: 'string' },
            instance: { type: 'string' },
            errors: { type: 'array', items: ref('FieldError') },
            retry_after: { type: 'integer', description: 'Seconds.' },
          },
        },
      },
    },
  };
}
