import { usableAddress } from './addresses.ts';
import { type Fault, fault } from './faults.ts';

const ACTION_SOURCES = new Set([
  'website',
  'app',
  'email',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
]);
const HASHED = ['em', 'ph', 'fn', 'ln', 'ct', 'st', 'zp', 'country', 'db', 'ge', 'external_id'] as const;
const MOST_EVENTS = 1000;
const DAY_S = 86_400;
const OLDEST_S = 7 * DAY_S;
/** A till may report once its day, or its month, is closed. */
const OLDEST_IN_STORE_S = 62 * DAY_S;
const FUTURE_S = 60;

/** 64 hex digits, with or without the eight characters that the platform's own builder adds. */
const HASH = /^[0-9a-f]{64}(\.[A-Za-z0-9_-]{8})?$/;
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const FBC = /^fb\.\d+\.\d+\.[^.\s]+(\.[^.\s]+)?$/;
const FBP = /^fb\.\d+\.\d+\.\d+(\.[A-Za-z0-9_-]{8})?$/;

type Fields = Record<string, unknown>;

/** A conversion that passed, as far as counting needs it. */
export interface Conversion {
  event_name: string;
  event_id: string | null;
  value: number | null;
  currency: string | null;
  raw: Fields;
}

/**
 * Reads the body of a call as the Conversions API of Meta does (relays §6): all or nothing, the first fault answers.
 * `now` is UTC ms.
 */
export function readConversions(body: unknown, now: number): Conversion[] | Fault {
  if (!isFields(body) || !Array.isArray(body['data'])) return fault('parameter', 'Param data must be an array');
  const { data } = body;
  if (data.length === 0) return fault('parameter', 'Param data must hold at least one event');
  if (data.length > MOST_EVENTS) return fault('parameter', `Param data holds ${data.length} events; ${MOST_EVENTS} is the most`);
  const code = body['test_event_code'];
  if (code !== undefined && (typeof code !== 'string' || code === '')) {
    return fault('parameter', 'Param test_event_code must be a text');
  }
  for (const [index, event] of data.entries()) {
    const found = isFields(event) ? faultOf(event, now / 1000) : fault('parameter', 'is not an object');
    if (found) return { ...found, message: `data[${index}] ${found.message}` };
  }
  return (data as Fields[]).map(toConversion);
}

function toConversion(raw: Fields): Conversion {
  const { value, currency } = isFields(raw['custom_data']) ? raw['custom_data'] : {};
  return {
    event_name: raw['event_name'] as string,
    event_id: (raw['event_id'] as string | undefined) ?? null,
    value: typeof value === 'number' ? value : null,
    currency: typeof currency === 'string' ? currency : null,
    raw,
  };
}

function faultOf(event: Fields, nowSeconds: number): Fault | undefined {
  return faultOfEnvelope(event) ?? faultOfTime(event, nowSeconds) ?? faultOfUser(event) ?? faultOfMoney(event);
}

function faultOfEnvelope(event: Fields): Fault | undefined {
  if (!isText(event['event_name'])) return fault('parameter', 'event_name is missing');
  if (!ACTION_SOURCES.has(event['action_source'] as string)) return fault('parameter', 'action_source is missing or unknown');
  if (event['event_id'] !== undefined && !isText(event['event_id'])) return fault('parameter', 'event_id must be a text');
  if (event['action_source'] === 'website' && !isWebAddress(event['event_source_url'])) {
    return fault('parameter', 'event_source_url must be a web address when action_source is website');
  }
  return undefined;
}

function faultOfTime({ event_time, action_source }: Fields, nowSeconds: number): Fault | undefined {
  if (typeof event_time !== 'number' || !Number.isInteger(event_time) || event_time <= 0) {
    return fault('parameter', 'event_time must be unix time in whole seconds');
  }
  const oldest = action_source === 'physical_store' ? OLDEST_IN_STORE_S : OLDEST_S;
  if (nowSeconds - event_time > oldest) return fault('too_old', `event_time is more than ${oldest / DAY_S} days old`);
  if (event_time - nowSeconds > FUTURE_S) return fault('parameter', 'event_time is in the future');
  return undefined;
}

function faultOfUser({ user_data: user, action_source }: Fields): Fault | undefined {
  if (!isFields(user)) return fault('user', 'user_data is missing');
  if (action_source === 'website' && !isText(user['client_user_agent'])) {
    return fault('user', 'user_data.client_user_agent is required when action_source is website');
  }
  for (const name of HASHED) {
    if (user[name] !== undefined && !isHashed(user[name])) {
      return fault('user', `user_data.${name} must be SHA-256 in 64 lower-case hex digits, or a list of such`);
    }
  }
  const { fbc, fbp, client_ip_address: ip } = user;
  if (fbc !== undefined && !(typeof fbc === 'string' && FBC.test(fbc))) {
    return fault('click', 'user_data.fbc must be fb.{index}.{ms}.{fbclid}');
  }
  if (fbp !== undefined && !(typeof fbp === 'string' && FBP.test(fbp))) {
    return fault('user', 'user_data.fbp must be fb.{index}.{ms}.{number}');
  }
  if (ip !== undefined && !(typeof ip === 'string' && usableAddress(ip))) {
    return fault('user', 'user_data.client_ip_address must be a whole public IPv4 or IPv6 address');
  }
  // The agent alone fits millions of people.
  const usable = [...HASHED, 'fbc', 'fbp', 'client_ip_address'].some((name) => user[name] !== undefined);
  return usable ? undefined : fault('user', 'user_data holds no parameter that could find a person');
}

function faultOfMoney({ event_name, custom_data: custom }: Fields): Fault | undefined {
  if (custom !== undefined && !isFields(custom)) return fault('parameter', 'custom_data must be an object');
  const { value, currency } = custom ?? {};
  if (event_name === 'Purchase' && (value === undefined || currency === undefined)) {
    return fault('parameter', 'custom_data of a Purchase needs value and currency');
  }
  if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
    return fault('parameter', 'custom_data.value must be a number that is not negative');
  }
  if (currency !== undefined && !(typeof currency === 'string' && /^[A-Z]{3}$/.test(currency))) {
    return fault('parameter', 'custom_data.currency must be three capital letters');
  }
  return undefined;
}

function isHashed(value: unknown): boolean {
  const list = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((entry) => typeof entry === 'string' && HASH.test(entry) && !isHashOfNothing(entry));
}

function isHashOfNothing(hash: string): boolean {
  return hash.startsWith(HASH_OF_NOTHING);
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isWebAddress(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
