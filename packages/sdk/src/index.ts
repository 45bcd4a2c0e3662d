export type { Commands, Connection } from './commands.ts';
export type { Choice } from './consent.ts';
export type { CustomEvents, StandardEvents, TrackedName, TrackParams } from './ecommerce.ts';
export type { Environment } from './environment.ts';
export type { Orderloop, OrderloopOptions, SessionCallback, SessionIds } from './options.ts';
export { createOrderloop } from './orderloop.ts';
export type { PixelOrder } from './pixels.ts';
