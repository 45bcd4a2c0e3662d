// The reference for deliveries: an express handler that verifies Shopify's signature over the raw body, and keeps nothing.
//   bare-express.ts <secret>
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';

const secret = process.argv[2]!;
const app = express();
app.post('/v1/sources/shopify/bench', express.raw({ type: '*/*', limit: '5mb' }), (request, response) => {
  const digest = createHmac('sha256', secret)
    .update(request.body as Buffer)
    .digest();
  const given = Buffer.from(String(request.headers['x-shopify-hmac-sha256']), 'base64');
  const isRight = given.length === digest.length && timingSafeEqual(given, digest);
  response.status(isRight ? 200 : 401).json({ verdict: isRight ? 'accepted' : 'rejected' });
});
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
