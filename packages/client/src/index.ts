export { type Client, createClient, type SendOptions } from './client.ts';
export { OrderloopError, type OrderloopErrorCode } from './error.ts';
export type { ClientOptions } from './options.ts';
export type { Receipt } from './receipt.ts';
