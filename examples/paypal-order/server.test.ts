import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createShop } from './server.ts';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Sent {
  url: string | undefined;
  headers: Record<string, unknown>;
  body: string;
}

/** PayPal, played: what it was sent, and the shop that sends. */
async function start({
  status = 200,
  links = [{ rel: 'payer-action', href: 'https://www.paypal.com/checkoutnow?token=O1' }],
} = {}) {
  const sent: Sent[] = [];
  const answers: Record<string, unknown> = {
    '/v1/oauth2/token': { access_token: 'T', expires_in: 32_400 },
    '/v2/checkout/orders': { id: 'O1', status: 'PAYER_ACTION_REQUIRED', links, message: 'No' },
    '/v2/checkout/orders/O1/capture': { id: 'O1', status: 'COMPLETED' },
  };
  const paypalUrl = await listen(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { url, headers } = request;
      sent.push({ url, headers, body });
      const isOrder = url === '/v2/checkout/orders';
      response.writeHead(isOrder ? status : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[url!]));
    }),
  );
  const orderloop = { url: 'https://collector.example', key: 'pk_shop_abcdef1' };
  const options = { clientId: 'id', clientSecret: 'secret', shopUrl: 'https://shop.example', orderloop, paypalUrl };
  const shopUrl = await listen(createShop(options, () => '1001'));
  const buy = (session_ref: string) =>
    fetch(`${shopUrl}/checkout`, { method: 'POST', body: new URLSearchParams({ session_ref }), redirect: 'manual' });
  return { sent, shopUrl, buy };
}

test('the session reference of the page goes to PayPal as custom_id, and the order’s id as invoice_id', async () => {
  const { sent, buy } = await start();
  const response = await buy('0198c4d2-7c1e-7000-8000-000000000001_0123456789ab');
  expect([response.status, response.headers.get('location')]).toEqual([303, 'https://www.paypal.com/checkoutnow?token=O1']);
  expect(sent).toMatchObject([
    {
      url: '/v1/oauth2/token',
      headers: { authorization: `Basic ${Buffer.from('id:secret').toString('base64')}` },
      body: 'grant_type=client_credentials',
    },
    { url: '/v2/checkout/orders', headers: { authorization: 'Bearer T', 'paypal-request-id': 'order-1001' } },
  ]);
  expect(JSON.parse(sent[1]!.body)).toEqual({
    intent: 'CAPTURE',
    purchase_units: [
      {
        invoice_id: '1001',
        custom_id: '0198c4d2-7c1e-7000-8000-000000000001_0123456789ab',
        amount: {
          currency_code: 'EUR',
          value: '64.80',
          breakdown: {
            item_total: { currency_code: 'EUR', value: '59.90' },
            shipping: { currency_code: 'EUR', value: '4.90' },
          },
        },
        items: [{ name: 'Lamp', sku: 'LAMP-1', quantity: '1', unit_amount: { currency_code: 'EUR', value: '59.90' } }],
      },
    ],
    payment_source: {
      paypal: { experience_context: { return_url: 'https://shop.example/approved', cancel_url: 'https://shop.example/' } },
    },
  });
});

test('what is approved is captured, once however often the page is loaded', async () => {
  const { sent, shopUrl } = await start();
  const text = await (await fetch(`${shopUrl}/approved?token=O1&PayerID=P`)).text();
  expect(text).toBe('Your payment is COMPLETED.');
  expect(sent[1]).toMatchObject({ url: '/v2/checkout/orders/O1/capture', headers: { 'paypal-request-id': 'capture-O1' } });
});

test.each(['', 'no spaces allowed', 'x'.repeat(101)])('what is no reference (%j) is not sent', async (session_ref) => {
  const { sent, buy } = await start();
  await buy(session_ref);
  expect(JSON.parse(sent[1]!.body).purchase_units[0]).not.toHaveProperty('custom_id');
});

test('the page has the field that the script fills', async () => {
  const { shopUrl } = await start();
  expect(await (await fetch(shopUrl)).text()).toContain('<input type="hidden" name="session_ref" data-orderloop="session_ref">');
});

test('a payment that PayPal refuses to begin is no redirect', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  expect((await (await start({ status: 422 })).buy('ses_1')).status).toBe(502);
  expect((await (await start({ links: [] })).buy('ses_1')).status).toBe(502);
  expect(log.mock.calls.map(([error]) => String(error))).toEqual([
    'Error: PayPal answered 422: No',
    'Error: PayPal’s order O1 is PAYER_ACTION_REQUIRED: it can’t be approved.',
  ]);
});
