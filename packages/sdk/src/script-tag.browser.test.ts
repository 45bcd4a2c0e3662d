import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { installCommands } from './commands.ts';
import type { Connection, Orderloop } from './index.ts';
import { createOrderloop } from './index.ts';
import { loadWidgets } from './load-widgets.ts';
import { createFakeEnvironment, type FakeEnvironment } from './testing/fake-environment.ts';
import type { Warn } from './warn.ts';

const CONNECTION: Connection = { key: 'pk_demo_abc123', site: 'demo', endpoint: 'https://collector.example' };

let fake: FakeEnvironment;
let orderloop: Orderloop;
let warn: ReturnType<typeof vi.fn<Warn>>;

function stub(): void {
  window.orderloop = ((...call: unknown[]) => {
    window.orderloop!.q = (window.orderloop!.q ?? []) as NonNullable<typeof window.orderloop>['q'];
    window.orderloop!.q!.push(call);
  }) as NonNullable<typeof window.orderloop>;
}

beforeEach(() => {
  warn = vi.fn<Warn>();
  stub();
  fake = createFakeEnvironment();
  orderloop = createOrderloop({ ...CONNECTION, consent: 'granted', debug: false, environment: fake.environment });
});

afterEach(() => {
  orderloop.stop();
  delete window.orderloop;
  document.body.replaceChildren();
  for (const script of document.head.querySelectorAll('script[src*="widgets.js"]')) script.remove();
});

describe('window.orderloop', () => {
  test('replays in order what was called before the SDK came, and then runs at once', async () => {
    window.orderloop!('track', 'view_item');
    window.orderloop!('track', 'add_to_cart', { value: 5, currency: 'EUR' });
    installCommands(window, orderloop, CONNECTION, warn);
    window.orderloop!('track', 'purchase', { transaction_id: '1' });
    await fake.advance(50);
    expect(fake.names()).toEqual(['page_view', 'view_item', 'add_to_cart', 'purchase']);
  });

  test('still hears a page that holds on to the stub', async () => {
    const held = window.orderloop!;
    installCommands(window, orderloop, CONNECTION, warn);
    held('track', 'purchase', { transaction_id: '1' });
    await fake.advance(50);
    expect(fake.names()).toEqual(['page_view', 'purchase']);
  });

  test('answers with the session, the conversion’s id and the connection', () => {
    const [session, conversion, ready] = [vi.fn(), vi.fn(), vi.fn()];
    window.orderloop!('session', session);
    window.orderloop!('conversion_id', '1001', undefined, conversion);
    window.orderloop!('ready', ready);
    installCommands(window, orderloop, CONNECTION, warn);
    expect(session).toHaveBeenCalledExactlyOnceWith({
      visitor_id: expect.any(String),
      session_id: expect.any(String),
      session_ref: expect.stringMatching(/^[0-9a-f-]{36}_[0-9a-f]{12}$/),
    });
    expect(conversion).toHaveBeenCalledExactlyOnceWith('demo:1001:purchase');
    expect(ready).toHaveBeenCalledExactlyOnceWith(CONNECTION);
    expect({ ...window.orderloop }).toMatchObject(CONNECTION);
  });

  test('warns of a misspelt command, a call without one, and a callback that throws, and survives them', () => {
    installCommands(window, orderloop, CONNECTION, warn);
    const call = window.orderloop as unknown as (...args: unknown[]) => void;
    call('trakc', 'a');
    call();
    call('conversion_id', '1001', undefined, () => {
      throw new Error('the page’s own');
    });
    expect(warn.mock.calls.map(([code]) => code)).toEqual([
      'command_trakc',
      'command_undefined',

      'command_conversion_id',
    ]);
  });
});

describe('the elements', () => {
  const scripts = () => document.head.querySelectorAll<HTMLScriptElement>('script[src*="widgets.js"]');

  test('are loaded once, with the nonce, when the page holds one', () => {
    document.body.append(document.createElement('orderloop-probe-a'), document.createElement('orderloop-probe-b'));
    loadWidgets(window, 'https://collector.example', 'n0nce')();
    expect([...scripts()].map(({ src, type, async, nonce }) => ({ src, type, async, nonce }))).toEqual([
      { src: 'https://collector.example/widgets.js', type: 'module', async: true, nonce: 'n0nce' },
    ]);
  });

  test('are loaded when the page gets one later, however deep', async () => {
    const stop = loadWidgets(window, 'https://collector.example', undefined);
    document.body.append(document.createElement('someone-elses'));
    await new Promise((resolve) => setTimeout(resolve));
    expect(scripts()).toHaveLength(0);
    const section = document.createElement('section');
    section.append(document.createElement('orderloop-probe-c'));
    document.body.append(section);
    await expect.poll(() => scripts().length).toBe(1);
    stop();
  });
});

describe('the script tag', () => {
  let copies = 0;
  const run = async (
    dataset: Record<string, string>,
    { src } = { src: 'https://collector.example/orderloop.js' },
  ): Promise<void> => {
    const script = Object.assign(document.createElement('script'), { src });
    Object.assign(script.dataset, dataset);
    const current = vi.spyOn(document, 'currentScript', 'get').mockReturnValue(script);
    // Each copy of the script is a module of its own, as each tag on a page is.
    await import(/* @vite-ignore */ `./script-tag.ts?copy=${++copies}`);
    current.mockRestore();
  };

  test('takes the endpoint from its own address and the site from its key, and a second copy stops', async () => {
    await run({ key: 'pk_my_shop_x1', noWidgets: '' });
    const first = window.orderloop;
    expect({ ...first }).toMatchObject({ key: 'pk_my_shop_x1', site: 'my_shop', endpoint: 'https://collector.example' });
    await run({ key: 'pk_other_x1' });
    expect(window.orderloop).toBe(first);
  });

  test('finds the collector where the script lies, under whatever path and name', async () => {
    const script = { src: 'https://shop.example/o/o.js' };
    await run({ key: 'pk_my_shop_x1', noWidgets: '' }, script);
    expect(window.orderloop?.endpoint).toBe('https://shop.example/o');
    stub();
    await run({ key: 'pk_my_shop_x1', noWidgets: '', endpoint: '/p/' }, script);
    expect(window.orderloop?.endpoint).toBe('https://shop.example/p');
  });

  test('that is set up wrongly warns, and leaves the stub in place', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const before = window.orderloop;
    await run({ key: 'sk_secret' });
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]![0])).not.toContain('sk_secret');
    expect(window.orderloop).toBe(before);
    warn.mockRestore();
  });

  test('loads the elements, unless it is told not to', async () => {
    document.body.append(document.createElement('orderloop-probe-d'));
    await run({ key: 'pk_demo_x1', noWidgets: '' });
    expect(document.head.querySelectorAll('script[src*="widgets.js"]')).toHaveLength(0);
    stub();
    await run({ key: 'pk_demo_x1', endpoint: 'https://own.example/' });
    expect(document.head.querySelector<HTMLScriptElement>('script[src*="widgets.js"]')!.src).toBe(
      'https://own.example/widgets.js',
    );
  });
});
