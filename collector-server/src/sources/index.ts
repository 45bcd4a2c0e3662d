import type { Source } from './contract.ts';
import { generic } from './generic.ts';
import { paypal } from './paypal.ts';
import { shopify } from './shopify.ts';
import { stripe } from './stripe.ts';

/** Every order source by its id: one more is one more line. */
export const SOURCES: Readonly<Record<string, Source>> = { generic, paypal, shopify, stripe };
