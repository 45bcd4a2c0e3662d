import { type Conversion, exponentOf, formatMinor, parseDecimal } from '@orderloop/protocol';
import type { Skip } from '../contract.ts';

/** Whether it tells of money that went back, in part or by a cancellation of the whole. */
export const isRefund = ({ event }: Pick<Conversion, 'event'>): boolean => event === 'refund' || event === 'cancel';

/**
 * What a purchase comes to after a refund, in major units, for a platform that is told the new total (relays §2.7). Only
 * what the platform accepted can be restated: it would take an order that it does not know for a new one.
 */
export function newTotal(
  { refund, order, event }: Conversion,
  destination: string,
): { value: string; currency: string } | Omit<Skip, 'event_id'> {
  const accepted = refund?.original?.accepted?.[destination];
  if (!accepted)
    return { reason: 'original_not_delivered', detail: 'The purchase was not accepted there, so it can’t be restated.' };
  const currency = (order?.currency ?? refund?.original?.currency)?.toUpperCase();
  const exponent = currency ? exponentOf(currency) : null;
  if (!currency || exponent === null) return { reason: 'invalid_value', detail: 'order.currency is not an ISO 4217 code.' };
  const minor = leftOf(event, refund, accepted.value ?? refund?.original?.value ?? order?.value, exponent);
  if (minor === null) return { reason: 'invalid_value', detail: 'refund.amount is not an amount of its currency.' };
  return { value: formatMinor(Math.max(0, minor), exponent), currency };
}

function leftOf(event: string, refund: Conversion['refund'], told: string | number | undefined, exponent: number): number | null {
  if (refund?.left !== undefined) return parseDecimal(refund.left, exponent);
  if (event === 'cancel' || refund?.full) return 0;
  const before = told === undefined ? null : parseDecimal(told, exponent);
  const amount = refund?.amount === undefined ? null : parseDecimal(refund.amount, exponent);
  return before === null || amount === null ? null : before - amount;
}
