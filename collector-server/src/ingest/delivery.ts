import { createHash } from 'node:crypto';
import { type Consent, formatUuid, type OrderChange, type StoredEvent } from '@orderloop/protocol';
import { scrubUrl, truncateIp } from '../privacy/scrub.ts';
import type { Vault } from '../privacy/vault.ts';
import type { Connection, OrderFact, SourceReading } from '../sources/contract.ts';
import { cleanText } from './shape.ts';
import { userPlace } from './validate.ts';

/** The event that a source's fact becomes: cut and sealed like any other. */
export function eventOfFact(
  fact: OrderFact,
  { site, source, received_at, vault }: { site: string; source: string; received_at: number; vault: Vault },
): StoredEvent {
  const event_id = deliveryEventId(site, source, fact.order.account, fact.delivery_id);
  const { ip, user_agent, language } = fact.context ?? {};
  const network = truncateIp(ip);
  const properties = { ...fact.properties, ...fact.tokens };
  const context = {
    ...(network && { ip: network }),
    ...(user_agent && { user_agent: user_agent.slice(0, 512) }),
    ...(language && { language }),
  };
  return cleanText({
    event: 'order',
    event_id,
    site,
    occurred_at: fact.occurred_at,
    received_at,
    action_source: fact.action_source ?? 'server',
    order: withoutContact(fact.order),
    ...(fact.user && Object.keys(fact.user).length > 0 && { user: vault.sealUser(userPlace(site, event_id), fact.user) }),
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(Object.keys(context).length > 0 && { context }),
    ...(fact.consent && { consent: fact.consent as Consent }),
  });
}

interface DeliveredTo {
  site: string;
  source: string;
  connection: Pick<Connection, 'account'>;
  received_at: number;
  vault: Vault;
}

/** What a delivery puts into the log; nothing where there was nothing for us in it. */
export function eventsOfReading(
  reading: Extract<SourceReading, { kind: 'facts' | 'privacy' | 'ignored' }>,
  { site, source, connection, received_at, vault }: DeliveredTo,
): StoredEvent[] {
  if (reading.kind === 'facts') return reading.facts.map((fact) => eventOfFact(fact, { site, source, received_at, vault }));
  if (reading.kind === 'ignored') return [];
  const event_id = deliveryEventId(site, source, connection.account, reading.delivery_id);
  return [
    cleanText({
      event: 'privacy_request',
      event_id,
      site,
      occurred_at: reading.occurred_at,
      received_at,
      action_source: 'server',
      ...(Object.keys(reading.user).length > 0 && { user: vault.sealUser(userPlace(site, event_id), reading.user) }),
      properties: { request: reading.request, by: source },
    }),
  ];
}

/** The same for a delivery that comes twice, so that the log itself drops the second: a UUIDv8 over what names it. */
export function deliveryEventId(site: string, source: string, account: string, delivery_id: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([site, source, account, delivery_id]))
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** Contact data lives in the sealed user alone; addresses lose what may not be kept. */
function withoutContact(order: OrderChange): OrderChange {
  const { customer, attribution, ...rest } = order;
  return {
    ...rest,
    ...(customer && { customer: { id: customer.id, email_sha256: null, phone_e164: null } }),
    ...(attribution && {
      attribution: {
        ...attribution,
        landing_page: scrubUrl(attribution.landing_page ?? undefined) ?? null,
        referrer: scrubUrl(attribution.referrer ?? undefined) ?? null,
      },
    }),
  };
}
