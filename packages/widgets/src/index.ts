// Defines every element; one more is one more pair of lines.
import './ad-slot/define.ts';
import './checkout/define.ts';
import './reward/define.ts';

export { OrderloopAdSlot } from './ad-slot/ad-slot.ts';
export { OrderloopCheckout } from './checkout/checkout.ts';
export { OrderloopReward, type RewardGrantEvent } from './reward/reward.ts';
