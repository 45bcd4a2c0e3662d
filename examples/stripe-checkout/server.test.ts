import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createShop } from './server.ts';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Stripe, played: what it was sent, and the shop that sends. */
async function start(answer: { status: number; body: unknown }) {
  const sent: { url: string | undefined; headers: Record<string, unknown>; form: Record<string, string> }[] = [];
  const stripeUrl = await listen(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { url, headers } = request;
      sent.push({ url, headers, form: Object.fromEntries(new URLSearchParams(body)) });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    }),
  );
  const orderloop = { url: 'https://collector.example', key: 'pk_shop_abcdef1' };
  const options = { stripeKey: 'sk_test_1', shopUrl: 'https://shop.example', orderloop, stripeUrl };
  const shopUrl = await listen(createShop(options, () => '1001'));
  const buy = (session_ref: string) =>
    fetch(`${shopUrl}/checkout`, { method: 'POST', body: new URLSearchParams({ session_ref }), redirect: 'manual' });
  return { sent, shopUrl, buy };
}

const OPENED = { status: 200, body: { id: 'cs_1', url: 'https://checkout.stripe.com/c/pay/cs_1' } };

test('the session reference of the page goes to Stripe, on the session and on its payment', async () => {
  const { sent, buy } = await start(OPENED);
  const response = await buy('0198c4d2-7c1e-7000-8000-000000000001_0123456789ab');
  expect([response.status, response.headers.get('location')]).toEqual([303, 'https://checkout.stripe.com/c/pay/cs_1']);
  expect(sent).toMatchObject([
    { url: '/v1/checkout/sessions', headers: { authorization: 'Bearer sk_test_1', 'idempotency-key': 'checkout-1001' } },
  ]);
  expect(sent[0]!.form).toEqual({
    mode: 'payment',
    success_url: 'https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/',
    client_reference_id: '0198c4d2-7c1e-7000-8000-000000000001_0123456789ab',
    'metadata[order_id]': '1001',
    'metadata[session_ref]': '0198c4d2-7c1e-7000-8000-000000000001_0123456789ab',
    'payment_intent_data[metadata][order_id]': '1001',
    'payment_intent_data[metadata][session_ref]': '0198c4d2-7c1e-7000-8000-000000000001_0123456789ab',
    'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': 'eur',
    'line_items[0][price_data][unit_amount]': '5990',
    'line_items[0][price_data][product_data][name]': 'Lamp',
  });
});

test.each(['', 'no spaces allowed', 'x'.repeat(101)])('what is no reference (%j) is not sent', async (session_ref) => {
  const { sent, buy } = await start(OPENED);
  await buy(session_ref);
  expect(Object.keys(sent[0]!.form).filter((name) => /ref/.test(name))).toEqual([]);
});

test('the page has the field that the script fills', async () => {
  const { shopUrl } = await start(OPENED);
  const html = await (await fetch(shopUrl)).text();
  expect(html).toContain('<input type="hidden" name="session_ref" data-orderloop="session_ref">');
  expect(html).toContain('src="https://collector.example/orderloop.js" data-key="pk_shop_abcdef1"');
});

test('a payment that Stripe refuses to begin is no redirect', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  const { buy } = await start({ status: 402, body: { error: { message: 'No such key' } } });
  expect((await buy('ses_1')).status).toBe(502);
  expect(String(log.mock.calls[0]?.[0])).toContain('Stripe answered 402: No such key');
});
