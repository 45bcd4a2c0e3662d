import { define } from '../shared/define.ts';
import { OrderloopAdSlot } from './ad-slot.ts';

define('orderloop-ad-slot', OrderloopAdSlot);
