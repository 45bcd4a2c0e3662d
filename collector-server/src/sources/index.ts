import { bigcommerce } from './bigcommerce.ts';
import type { Source } from './contract.ts';
import { generic } from './generic.ts';
import { magento } from './magento.ts';
import { paypal } from './paypal.ts';
import { shopify } from './shopify.ts';
import { stripe } from './stripe.ts';
import { woocommerce } from './woocommerce.ts';

/** Every order source by its id: one more is one more line. */
export const SOURCES: Readonly<Record<string, Source>> = {
  bigcommerce,
  generic,
  magento,
  paypal,
  shopify,
  stripe,
  woocommerce,
};
