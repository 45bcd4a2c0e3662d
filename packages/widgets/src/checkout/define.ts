import { define } from '../shared/define.ts';
import { OrderloopCheckout } from './checkout.ts';

define('orderloop-checkout', OrderloopCheckout);
