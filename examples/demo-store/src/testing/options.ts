import type { DemoStoreOptions } from '../server.ts';

export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

export function storeOptions(collectorUrl: string): DemoStoreOptions {
  return {
    collectorUrl,
    publishableKey: 'pk_test_1',
    secretKey: 'sk_test_1',
    signingSecret: SIGNING_SECRET,
    platformUrl: 'http://127.0.0.1:4200',
    pixelId: '1234567890',
    retryMs: 5,
  };
}
