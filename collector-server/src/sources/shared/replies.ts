import type { ApiReply } from '../contract.ts';
import { isObject, type Json, listAt, parseBytes, UnusableDelivery } from './fields.ts';

/** What an API's reply holds; null where it holds nothing. Throws UnusableDelivery when it is an error, or no JSON. */
export function replyJson({ status, body }: ApiReply): unknown {
  if (status >= 300) throw new UnusableDelivery('unusable_delivery', '', `The platform answered with status ${status}.`);
  return status === 204 || body.length === 0 ? null : parseBytes(body);
}

/** The resources of a reply: a list, a list under a name, or one by itself, which has an id. Throws UnusableDelivery. */
export function resourcesOf(reply: ApiReply, name?: string): Json[] {
  const value = replyJson(reply);
  if (value === null || Array.isArray(value)) return listAt(value);
  if (!isObject(value)) throw new UnusableDelivery('unusable_delivery', '', 'The reply must be a JSON object or a list.');
  const isOne = 'id' in value || 'entity_id' in value;
  return name && name in value && !isOne ? listAt(value[name]) : [value];
}

/** The resource that was asked for; null when the platform does not know it. Throws UnusableDelivery. */
export function resourceOf(reply: ApiReply | undefined): Json | null {
  if (!reply || reply.status === 404) return null;
  const value = replyJson(reply);
  if (!isObject(value)) throw new UnusableDelivery('unusable_delivery', '', 'The reply must be a JSON object.');
  return value;
}

/** The resources that belong to an order; none where the platform has none. */
export const partsOf = (reply: ApiReply | undefined, name?: string): Json[] =>
  !reply || reply.status === 404 ? [] : resourcesOf(reply, name);
