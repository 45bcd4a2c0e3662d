import type { AdDecision } from '@orderloop/protocol/browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type FakeCollector, installFakeCollector, NEVER, problem, uninstallFakeCollector } from '../testing/fake-collector.ts';
import {
  emulate,
  expectAccessible,
  expectNoOverflow,
  frames,
  measureShifts,
  mount,
  resetPage,
  underMedia,
} from '../testing/page.ts';
import './define.ts';
import { neededShare, whenViewable } from './viewable.ts';

const DECIDE = '/v1/ads/decide';
const PICTURE = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"/>')}`;
const SLOT = '<orderloop-ad-slot placement="home-hero"><p>From the shop</p></orderloop-ad-slot>';

const decision: AdDecision = {
  decision_id: 'decision-1',
  placement: 'home-hero',
  creative: {
    creative_id: 'creative-1',
    headline: 'Rain jackets for every season',
    text: 'Light, warm and made to last. Now in eleven colours.',
    call_to_action: 'See the jackets',
    image: {
      url: new URL('/packages/widgets/src/testing/picture.svg', location.href).href,
      alt: 'A yellow jacket',
      width: 40,
      height: 40,
    },
    advertiser: 'Northwind',
    click_url: 'https://collector.example/v1/ads/click?token=a.b',
  },
};
const withCreative = (more: Partial<NonNullable<AdDecision['creative']>>): AdDecision => ({
  ...decision,
  creative: { ...decision.creative!, ...more },
});

let fake: FakeCollector;

beforeEach(async () => {
  await resetPage();
  fake = installFakeCollector();
  fake.answers[DECIDE] = [decision];
});

afterEach(() => {
  document.body.replaceChildren();
  uninstallFakeCollector();
});

const slotIn = (main: HTMLElement) => main.querySelector('orderloop-ad-slot')!;
const part = <E extends HTMLElement>(slot: Element, name: string) => slot.shadowRoot!.querySelector<E>(`[part="${name}"]`)!;
const shown = async (main: HTMLElement) => {
  await expect.poll(() => part(slotIn(main), 'card')).toBeTruthy();
  return slotIn(main);
};
const fallenBack = async (main: HTMLElement) => {
  await expect.poll(() => slotIn(main).shadowRoot!.querySelector('slot'), { timeout: 3000 }).toBeTruthy();
  return slotIn(main);
};

describe('a slot', () => {
  test('asks for its place and shape, and shows the advertisement under its label', async () => {
    const slot = await shown(mount(SLOT));
    expect(Object.fromEntries(fake.asked[0]!.url.searchParams)).toEqual({
      placement: 'home-hero',
      format: 'banner',
      key: 'pk_demo_x1',
    });
    expect(part(slot, 'label').textContent).toBe('Advertisement · Northwind');
    expect(part(slot, 'headline').textContent).toBe('Rain jackets for every season');
    expect(part(slot, 'text').textContent).toContain('eleven colours');
    expect(part<HTMLImageElement>(slot, 'image').alt).toBe('A yellow jacket');
    expect(part(slot, 'action').getAttribute('rel')).toBe('noopener nofollow sponsored');
    await expectAccessible(slot);
  });

  test.each(['banner', 'rectangle'])('of the %s shape leaves no hole where an advertisement has no picture', async (format) => {
    fake.answers[DECIDE] = [{ ...decision, creative: { ...decision.creative, image: undefined } }];
    const slot = await shown(mount(`<orderloop-ad-slot placement="a" format="${format}"></orderloop-ad-slot>`));
    const [card, label] = [part(slot, 'card'), part(slot, 'label')].map((one) => one.getBoundingClientRect());
    expect([label!.left - card!.left, label!.top - card!.top].every((gap) => gap < 30)).toBe(true);
  });

  test('takes properties that were set before it was defined, and its own endpoint', async () => {
    const slot = document.createElement('orderloop-ad-slot');
    Object.assign(slot, { placement: 'cart', format: 'rectangle', endpoint: 'https://own.example' });
    const main = mount('');
    main.prepend(slot);
    await shown(main);
    expect(fake.asked[0]!.url.href).toBe('https://own.example/v1/ads/decide?placement=cart&format=rectangle&key=pk_demo_x1');
    expect(slot.getAttribute('format')).toBe('rectangle');
  });

  test('asks only when it comes near', async () => {
    const main = mount(`<div style="block-size:3000px"></div>${SLOT}`);
    await frames(5);
    expect(fake.asked).toHaveLength(0);
    window.scrollTo(0, 2300);
    await shown(main);
    expect(fake.asked).toHaveLength(1);
  });

  test.each(['banner', 'rectangle'])('of the %s shape moves nothing, from the first byte to the picture', async (format) => {
    const shifts = measureShifts();
    const slot = await shown(mount(`<orderloop-ad-slot placement="a" format="${format}"></orderloop-ad-slot>`));
    expect(await shifts()).toBe(0);
    expect(slot.clientHeight).toBe(format === 'banner' ? 152 : 304);
  });

  test('whose height was left to its content would move the page: the measure sees it', async () => {
    const main = mount('<orderloop-ad-slot placement="a" style="--orderloop-ad-slot-height: auto"></orderloop-ad-slot>');
    fake.answers[DECIDE] = [NEVER];
    await frames(3);
    const shifts = measureShifts();
    fake.answers[DECIDE] = [decision];
    slotIn(main).placement = 'b';
    await shown(main);
    expect(await shifts()).toBeGreaterThan(0);
  });

  test('asks again when its place changes', async () => {
    const main = mount(SLOT);
    const slot = await shown(main);
    slot.placement = 'cart';
    await expect.poll(() => fake.asked.length).toBe(2);
    expect(fake.asked[1]!.url.searchParams.get('placement')).toBe('cart');
  });

  test('that is moved keeps its advertisement, and that is removed asks for nothing', async () => {
    const main = mount(SLOT);
    const slot = await shown(main);
    main.append(slot);
    await frames(3);
    expect([fake.asked.length, part(slot, 'headline').textContent]).toEqual([1, 'Rain jackets for every season']);
    const gone = document.createElement('orderloop-ad-slot');
    main.append(gone);
    gone.remove();
    await frames(3);
    expect(fake.asked).toHaveLength(1);
  });
});

describe('when there is nothing to show', () => {
  test.each([
    ['no creative', { ...decision, creative: null }],
    ['an error', problem(500, 'internal_error')],
    ['a broken network', undefined],
    ['no JSON', new Response('<html>')],
    ['nonsense', { hello: 'world' }],
    ['a link that runs a script', withCreative({ click_url: 'javascript:alert(1)' })],
  ])('%s leaves the shop’s own content in the reserved space', async (_, answer) => {
    fake.answers[DECIDE] = [answer];
    const shifts = measureShifts();
    const slot = await fallenBack(mount(SLOT));
    expect(slot.querySelector('p')!.checkVisibility()).toBe(true);
    expect([slot.clientHeight, await shifts(), fake.told]).toEqual([152, 0, []]);
    await expectAccessible(slot);
  });

  test('a decision that takes too long is not waited for', async () => {
    fake.answers[DECIDE] = [NEVER];
    const main = mount('<orderloop-ad-slot placement="a" timeout="50"><p>From the shop</p></orderloop-ad-slot>');
    await fallenBack(main);
  });

  test('a page whose SDK never comes shows its own content', async () => {
    delete window.orderloop;
    await fallenBack(mount('<orderloop-ad-slot placement="a" timeout="50"><p>From the shop</p></orderloop-ad-slot>'));
  });

  test('a picture that fails leaves its frame, and the rest stays where it was', async () => {
    fake.answers[DECIDE] = [
      withCreative({ image: { url: 'https://collector.invalid/none.png', alt: 'None', width: 4, height: 3 } }),
    ];
    const shifts = measureShifts();
    const slot = await shown(mount(SLOT));
    await expect.poll(() => part(slot, 'image')).toBeNull();
    expect(await shifts()).toBe(0);
    expect(part(slot, 'headline').checkVisibility()).toBe(true);
  });

  test('a picture from elsewhere than the web is not shown', async () => {
    fake.answers[DECIDE] = [withCreative({ image: { url: PICTURE, alt: 'None', width: 4, height: 3 } })];
    const slot = await shown(mount(SLOT));
    expect(part(slot, 'image')).toBeNull();
  });
});

describe('what is counted', () => {
  const names = { placement: 'home-hero', decision_id: 'decision-1', creative_id: 'creative-1' };

  test('is one impression when it is rendered, and one viewable after a second in view', async () => {
    const main = mount(SLOT);
    const slot = await shown(main);
    await expect.poll(() => fake.told).toEqual([['track', 'ad_impression', names]]);
    const before = performance.now();
    await expect.poll(() => fake.told.length, { timeout: 4000 }).toBe(2);
    expect(fake.told[1]).toEqual(['track', 'ad_viewable', names]);
    expect(performance.now() - before).toBeGreaterThan(700);
    main.append(slot);
    await frames(3);
    expect(fake.told).toHaveLength(2);
  });

  test('as viewable needs half of the pixels, and of large advertisements 30 %', () => {
    expect(neededShare({ width: 300, height: 250 })).toBe(0.5);
    expect(neededShare({ width: 970, height: 250 })).toBe(0.3);
    expect(neededShare({ width: 969, height: 250 })).toBe(0.5);
  });

  describe('as a second in view', () => {
    let timers: { run: () => void; delay_ms: number }[];
    let viewable: ReturnType<typeof vi.fn<() => void>>;
    const watch = (element: Element, signal = new AbortController().signal) => {
      timers = [];
      viewable = vi.fn<() => void>();
      whenViewable(element, signal, viewable, {
        setTimeout: (run, delay_ms) => timers[timers.push({ run, delay_ms }) - 1],
        clearTimeout: (timer) => {
          timers = timers.filter((one) => one !== timer);
        },
      });
    };
    const box = () => {
      const main = mount(
        '<div class="box" style="block-size:100px;inline-size:300px"></div><div style="block-size:3000px"></div>',
      );
      return main.querySelector('.box')!;
    };

    test('starts anew when the advertisement is scrolled away in between', async () => {
      watch(box());
      await expect.poll(() => timers.length).toBe(1);
      expect(timers[0]!.delay_ms).toBe(1000);
      window.scrollTo(0, 2000);
      await expect.poll(() => timers.length).toBe(0);
      window.scrollTo(0, 0);
      await expect.poll(() => timers.length).toBe(1);
      timers[0]!.run();
      expect(viewable).toHaveBeenCalledOnce();
    });

    test('starts anew when the page is hidden in between', async () => {
      watch(box());
      await expect.poll(() => timers.length).toBe(1);
      const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
      document.dispatchEvent(new Event('visibilitychange'));
      expect(timers).toHaveLength(0);
      state.mockRestore();
      document.dispatchEvent(new Event('visibilitychange'));
      expect(timers).toHaveLength(1);
    });

    test('does not begin with 40 % in view, and ends with the element', async () => {
      const element = box();
      window.scrollTo(0, element.getBoundingClientRect().top + 60);
      const connection = new AbortController();
      watch(element, connection.signal);
      await frames(5);
      expect(timers).toHaveLength(0);
      window.scrollTo(0, 0);
      await expect.poll(() => timers.length).toBe(1);
      connection.abort();
      expect(timers).toHaveLength(0);
    });
  });
});

describe('the link', () => {
  const href = (slot: Element) => new URL(part<HTMLAnchorElement>(slot, 'action').href);
  const idsIn = (url: URL) => [
    url.searchParams.get('token'),
    url.searchParams.get('visitor_id'),
    url.searchParams.get('session_id'),
  ];

  test('carries the ids where consent allows them', async () => {
    const slot = await shown(mount(SLOT));
    expect(idsIn(href(slot))).toEqual(['a.b', 'visitor-1', 'session-1']);
  });

  test.each([
    ['denied', null],
    ['unknown', undefined],
  ])('carries none where consent is %s, and neither does the question for the advertisement', async (_, ids) => {
    fake.ids = ids;
    const slot = await shown(mount(SLOT));
    expect(idsIn(href(slot))).toEqual(['a.b', null, null]);
    expect(fake.asked[0]!.url.href).not.toMatch(/visitor|session/);
  });

  test('gets them with a later choice, and loses them when they are withdrawn before the click', async () => {
    fake.ids = undefined;
    const slot = await shown(mount(SLOT));
    fake.choose({ visitor_id: 'v', session_id: 's', session_ref: 's_v' });
    await expect.poll(() => idsIn(href(slot))).toEqual(['a.b', 'v', 's']);
    fake.ids = null;
    const link = part<HTMLAnchorElement>(slot, 'action');
    const followed = new Promise<string>((resolve) => {
      slot.addEventListener('click', (event) => {
        event.preventDefault();
        resolve(link.href);
      });
    });
    link.click();
    expect(idsIn(new URL(await followed))).toEqual(['a.b', null, null]);
  });

  test('is reached by keyboard, shows its focus, and is large enough to hit', async () => {
    const slot = await shown(mount(SLOT));
    await userEvent.keyboard('{Tab}');
    const link = part(slot, 'action');
    expect(slot.shadowRoot!.activeElement).toBe(link);
    expect(getComputedStyle(link, '::after').outlineStyle).toBe('solid');
    expect(link.getBoundingClientRect().height).toBeGreaterThanOrEqual(24);
  });
});

describe('in every setting', () => {
  test.each([
    ['en', 'Advertisement'],
    ['es-MX', 'Publicidad'],
    ['fr', 'Publicité'],
    ['de-AT', 'Anzeige'],
    ['zh-Hans', '广告'],
    ['ar', 'Advertisement'],
  ])('in %s it is called %s', async (lang, label) => {
    const slot = await shown(mount(SLOT, { lang }));
    expect(part(slot, 'label').textContent).toMatch(label);
    await expectAccessible(slot);
  });

  test.each(['light', 'dark'])('it can be read in %s colours', async (scheme) => {
    await emulate({ 'prefers-color-scheme': scheme });
    const slot = await shown(mount(SLOT));
    expect(getComputedStyle(part(slot, 'card')).backgroundColor).toBe(
      scheme === 'dark' ? 'rgb(23, 27, 33)' : 'rgb(255, 255, 255)',
    );
    await expectAccessible(slot);
  });

  test('its colours are the shop’s where the shop says so', async () => {
    const slot = await shown(mount(SLOT, { style: '--orderloop-surface: rgb(1, 2, 3); --orderloop-text: white' }));
    expect(getComputedStyle(part(slot, 'card')).backgroundColor).toBe('rgb(1, 2, 3)');
  });

  test('from right to left the picture is on the right', async () => {
    const slot = await shown(mount(SLOT, { dir: 'rtl', lang: 'ar' }));
    const [image, headline] = [part(slot, 'image'), part(slot, 'headline')].map((one) => one.getBoundingClientRect());
    expect(image!.left).toBeGreaterThan(headline!.right - 1);
    await expectAccessible(slot);
  });

  test.each(['banner', 'rectangle'])('a %s fits into 320 px, with its link', async (format) => {
    await page.viewport(320, 600);
    const slot = await shown(mount(`<orderloop-ad-slot placement="a" format="${format}"></orderloop-ad-slot>`));
    expectNoOverflow(slot);
    const [card, link, words] = [part(slot, 'card'), part(slot, 'action'), part(slot, 'headline')].map((one) =>
      one.getBoundingClientRect(),
    );
    expect(link!.bottom).toBeLessThanOrEqual(card!.bottom);
    expect(words!.bottom).toBeLessThanOrEqual(link!.top);
    await expectAccessible(slot);
  });

  test('with forced colours the link keeps an edge', async () => {
    const slot = await shown(mount(SLOT));
    const edge = () => getComputedStyle(part(slot, 'action')).borderTopColor;
    expect(edge()).toBe('rgba(0, 0, 0, 0)');
    underMedia(slot, 'forced-colors', () => expect(edge()).not.toBe('rgba(0, 0, 0, 0)'));
  });

  test('with reduced motion nothing is animated', async () => {
    await emulate({ 'prefers-reduced-motion': 'reduce' });
    const slot = await shown(mount(SLOT));
    expect(getComputedStyle(part(slot, 'action')).transitionProperty).toBe('none');
  });
});
