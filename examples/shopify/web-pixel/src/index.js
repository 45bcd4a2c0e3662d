import { register } from '@shopify/web-pixels-extension';
import { orderloopPixel } from './pixel.js';

register(orderloopPixel);
