/** What may be carried through Stripe Payment Links, PayPal's `custom_id`, cart attributes and URLs without escaping. */
export const SESSION_REF_PATTERN = /^[A-Za-z0-9_-]{1,100}$/;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of `now` in UTC ms, then 74 random bits.
 * `random` holds at least 10 bytes; time and randomness come in, so that the function has neither.
 */
export function uuidv7(now: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(random.subarray(0, 10), 6);
  for (let index = 5, rest = now; index >= 0; index--, rest = Math.floor(rest / 256)) bytes[index] = rest % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** Sixteen bytes in the 8-4-4-4-12 notation. */
export function formatUuid(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[bytes[index]!];
  }
  return text;
}

/**
 * The reference that a store carries through its checkout, so that the order names its session: the session's id and the
 * last 12 characters of the visitor's. Both sides can compute it from any event, and together they hold 122 random bits,
 * so that it can't be guessed (order-sources §14.2 asks for 96).
 */
export function sessionRef(session_id: string, visitor_id: string): string {
  return `${session_id}_${visitor_id.slice(-12)}`;
}

/**
 * The id of a conversion, the same in the browser and on the server: `site:order:stage`, each part percent-encoded.
 * It goes to platforms as `event_id`, so that a shop's own pixel and our relay are counted once.
 * Not hashed, because the browser can hash only asynchronously and only on https, and a readable id shows at a glance
 * which order a platform is talking about.
 */
export function conversionId(site: string, order_id: string, stage: string): string {
  return [site, order_id, stage].map(encodePart).join(':');
}

function encodePart(part: string): string {
  try {
    return encodeURIComponent(part);
  } catch {
    // A lone surrogate; ids that hold one are refused at the door, but this must never throw into a page.
    return encodeURIComponent(part.replace(/[\uD800-\uDFFF]/g, '\uFFFD'));
  }
}
