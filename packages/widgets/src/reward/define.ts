import { define } from '../shared/define.ts';
import { OrderloopReward } from './reward.ts';

define('orderloop-reward', OrderloopReward);
