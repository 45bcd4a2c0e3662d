type Kind = 'text' | 'amount' | 'time' | 'status' | 'yes_no' | 'number';

interface Place {
  kind: Kind;
  /** Where it stands in an order of `POST /v1/orders`, without the first slash; of a line or a refund, where in that. */
  at: string;
  /** An order has one of each; lines and refunds have one in each row. */
  of: 'order' | 'line' | 'refund';
}

const order = (kind: Kind, at: string): Place => ({ kind, at, of: 'order' });
const line = (kind: Kind, at: string): Place => ({ kind, at, of: 'line' });
const refund = (kind: Kind, at: string): Place => ({ kind, at, of: 'refund' });

/** What a row can say: the fields that a profile maps columns to. */
export const FIELDS = {
  order_id: order('text', 'order_id'),
  order_number: order('text', 'order_number'),
  status: order('status', 'status'),
  fulfillment_status: order('text', 'fulfillment_status'),
  currency: order('text', 'currency'),
  created_at: order('time', 'created_at'),
  paid_at: order('time', 'paid_at'),
  updated_at: order('time', 'updated_at'),
  cancelled_at: order('time', 'cancelled_at'),
  total: order('amount', 'amounts/total'),
  subtotal: order('amount', 'amounts/subtotal'),
  discount: order('amount', 'amounts/discount'),
  shipping: order('amount', 'amounts/shipping'),
  tax: order('amount', 'amounts/tax'),
  tip: order('amount', 'amounts/tip'),
  fees: order('amount', 'amounts/fees'),
  tax_included: order('yes_no', 'tax_included'),
  test: order('yes_no', 'test'),
  customer_id: order('text', 'customer/id'),
  email: order('text', 'customer/email'),
  phone: order('text', 'customer/phone'),
  first_name: order('text', 'customer/first_name'),
  last_name: order('text', 'customer/last_name'),
  street: order('text', 'shipping_address/street'),
  city: order('text', 'shipping_address/city'),
  region: order('text', 'shipping_address/region'),
  postal_code: order('text', 'shipping_address/postal_code'),
  country: order('text', 'shipping_address/country'),
  session_ref: order('text', 'session_ref'),
  landing_page: order('text', 'landing_page'),
  location_id: order('text', 'location_id'),
  register_id: order('text', 'register_id'),
  ad_storage: order('text', 'consent/ad_storage'),
  ad_user_data: order('text', 'consent/ad_user_data'),
  ad_personalization: order('text', 'consent/ad_personalization'),
  analytics_storage: order('text', 'consent/analytics_storage'),
  line_id: line('text', 'line_id'),
  sku: line('text', 'sku'),
  product_id: line('text', 'product_id'),
  variant_id: line('text', 'variant_id'),
  title: line('text', 'title'),
  quantity: line('number', 'quantity'),
  unit_price: line('amount', 'unit_price'),
  refund_id: refund('text', 'refund_id'),
  refund_amount: refund('amount', 'amount'),
  refunded_at: refund('time', 'at'),
} as const satisfies Record<string, Place>;

export type Field = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as Field[];
export const placeOf = (field: Field): Place => FIELDS[field];
export const fieldsOf = (of: Place['of']): Field[] => FIELD_NAMES.filter((field) => FIELDS[field].of === of);
