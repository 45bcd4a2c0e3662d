import type { RewardOffer } from '@orderloop/protocol/browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type FakeCollector, IDS, installFakeCollector, problem, uninstallFakeCollector } from '../testing/fake-collector.ts';
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
import { startStopwatch } from './stopwatch.ts';

const [OFFER, START, CLAIM] = ['/v1/rewards/offer', '/v1/rewards/start', '/v1/rewards/claim'];
const REWARD = '<orderloop-reward placement="cart"></orderloop-reward>';

const offer: RewardOffer = {
  offer: {
    nonce: 'nonce-1234567890',
    points: 1250,
    duration_ms: 15_000,
    expires_at: 1_800_000_000_000,
    creative: { headline: 'How our jackets are made', text: 'A short look into the workshop.', advertiser: 'Northwind' },
  },
  balance: 40,
};
const readyAfter = (ms: number) => ({ started_at: 1_800_000_000_000, ready_at: 1_800_000_000_000 + ms });
const grant = { grant_id: 'grant-1', points: 1250, balance: 1290 };

let fake: FakeCollector;

beforeEach(async () => {
  await resetPage();
  fake = installFakeCollector();
  Object.assign(fake.answers, { [OFFER!]: [offer], [START!]: [readyAfter(150)], [CLAIM!]: [grant] });
});

afterEach(() => {
  document.body.replaceChildren();
  uninstallFakeCollector();
});

const inside = (reward: Element, selector: string) => reward.shadowRoot!.querySelector<HTMLElement>(selector);
const text = (reward: Element, name: string) => inside(reward, `[part="${name}"]`)?.textContent?.trim();
const button = (reward: Element) => inside(reward, 'button') as HTMLButtonElement;
const says = (reward: Element, message: string | RegExp) =>
  expect.poll(() => text(reward, 'message'), { timeout: 4000 }).toMatch(message);
const rewardIn = (main: HTMLElement) => main.querySelector('orderloop-reward')!;

async function invited(main = mount(REWARD)) {
  await expect.poll(() => text(rewardIn(main), 'headline')).toBe('How our jackets are made');
  return rewardIn(main);
}

async function ready(main?: HTMLElement) {
  const reward = await invited(main);
  button(reward).click();
  await says(reward, 'Done. Your points are ready.');
  return reward;
}

describe('an invitation', () => {
  test('says what to do, how long it takes and what one gets, and is counted once', async () => {
    const reward = await invited();
    expect(fake.asked[0]).toMatchObject({
      method: 'POST',
      body: { key: 'pk_demo_x1', placement: 'cart', visitor_id: 'visitor-1', session_id: 'session-1' },
    });
    expect(text(reward, 'message')).toBe('Stay here for 15 seconds and get 1,250 points.');
    expect(text(reward, 'label')).toBe('Sponsored by Northwind');
    expect(text(reward, 'balance')).toBe('Balance: 40 points');
    await expect.poll(() => fake.told).toEqual([['track', 'reward_offer', { placement: 'cart', offer_id: 'nonce-12' }]]);
    await expectAccessible(reward);
  });

  test('moves nothing on the page when it comes', async () => {
    const shifts = measureShifts();
    const reward = await invited();
    await says(reward, 'Stay here');
    expect(await shifts()).toBe(0);
  });

  test('takes properties that were set before it was defined, and follows its place', async () => {
    const reward = document.createElement('orderloop-reward');
    Object.assign(reward, { placement: 'checkout', endpoint: 'https://own.example' });
    const main = mount('');
    main.prepend(reward);
    await invited(main);
    expect(fake.asked[0]!.url.href).toBe('https://own.example/v1/rewards/offer');
    reward.placement = 'cart';
    await expect.poll(() => fake.asked.map(({ body }) => body.placement)).toEqual(['checkout', 'cart']);
  });
});

describe('earning', () => {
  test('goes from start over progress to a receipt with the points and the balance', async () => {
    const main = mount(REWARD);
    const granted = vi.fn();
    document.body.addEventListener('orderloop-reward-grant', (event) => granted(event.detail), { once: true });
    fake.answers[START!] = [readyAfter(600)];
    const reward = await invited(main);
    button(reward).click();
    await says(reward, /left/);
    const bar = inside(reward, '[role="progressbar"]')!;
    expect(Number(bar.getAttribute('aria-valuenow'))).toBeLessThanOrEqual(100);
    await expectAccessible(reward);
    await says(reward, 'Done. Your points are ready.');
    expect(bar.getAttribute('aria-valuenow')).toBe('100');
    await expectAccessible(reward);

    expect(granted).not.toHaveBeenCalled();
    button(reward).click();
    await says(reward, 'You earned 1,250 points.');
    expect(text(reward, 'balance')).toBe('Balance: 1,290 points');
    expect(granted).toHaveBeenCalledExactlyOnceWith({ points: 1250, balance: 1290 });
    expect(fake.asked.slice(1).map(({ url, body }) => [url.pathname, body])).toEqual([
      [START, { key: 'pk_demo_x1', nonce: 'nonce-1234567890', visitor_id: 'visitor-1' }],
      [CLAIM, { key: 'pk_demo_x1', nonce: 'nonce-1234567890', visitor_id: 'visitor-1' }],
    ]);
    expect(fake.names()).toEqual(['reward_offer', 'reward_start']);
    await expectAccessible(reward);
  });

  test.each([320, 800])('moves nothing on a page of %i px, from the invitation to the receipt', async (width) => {
    await page.viewport(width, 700);
    const reward = await invited();
    const shifts = measureShifts();
    button(reward).click();
    await says(reward, 'Done. Your points are ready.');
    button(reward).click();
    await says(reward, 'You earned');
    expect(await shifts()).toBe(0);
  });

  test('is done by keyboard alone, and the focus is never lost', async () => {
    const reward = await invited();
    await userEvent.keyboard('{Tab}');
    expect(reward.shadowRoot!.activeElement).toBe(button(reward));
    expect(getComputedStyle(button(reward)).outlineStyle).toBe('solid');
    await userEvent.keyboard('{Enter}');
    await says(reward, 'Done. Your points are ready.');
    expect(reward.shadowRoot!.activeElement).toBe(button(reward));
    await userEvent.keyboard('{Enter}');
    await says(reward, 'You earned');
    expect(reward.shadowRoot!.activeElement).toBe(inside(reward, '.message'));
  });

  test('is told to screen readers at its steps, not at each tick', async () => {
    const reward = await invited();
    const heard: string[] = [];
    new MutationObserver(() => heard.push(inside(reward, '[role="status"]')!.textContent!)).observe(
      inside(reward, '[role="status"]')!,
      {
        childList: true,
        characterData: true,
        subtree: true,
      },
    );
    fake.answers[START!] = [readyAfter(900)];
    button(reward).click();
    await says(reward, 'Done. Your points are ready.');
    button(reward).click();
    await says(reward, 'You earned');
    expect(heard).toEqual(['1 second left', 'Half of it is done.', 'Done. Your points are ready.', 'You earned 1,250 points.']);
  });

  test('is asked for once, however often the button is pressed', async () => {
    const reward = await ready();
    for (let index = 0; index < 3; index++) button(reward).click();
    await says(reward, 'You earned');
    expect(fake.asked.filter(({ url }) => url.pathname === CLAIM)).toHaveLength(1);
  });

  test('that the server finds too early goes on for as long as it says', async () => {
    fake.answers[CLAIM!] = [problem(409, 'too_early', { retry_after: 0.2 }), grant];
    const reward = await ready();
    button(reward).click();
    await says(reward, /left/);
    await says(reward, 'Done. Your points are ready.');
    button(reward).click();
    await says(reward, 'You earned');
  });

  test('goes on where it was when the element is moved, and stops when it is removed', async () => {
    const main = mount(REWARD);
    fake.answers[START!] = [readyAfter(600)];
    const reward = await invited(main);
    button(reward).click();
    await says(reward, /left/);
    main.append(reward);
    await says(reward, 'Done. Your points are ready.');
    reward.remove();
    await frames(3);
    expect(fake.asked.map(({ url }) => url.pathname)).toEqual([OFFER, START]);
  });

  test('counts only the time that the page is visible', async () => {
    const ticks: number[] = [];
    const connection = new AbortController();
    let now = 1000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const state = vi.spyOn(document, 'visibilityState', 'get');
    const at = (time: number, visibility: DocumentVisibilityState) => {
      now = time;
      state.mockReturnValue(visibility);
      document.dispatchEvent(new Event('visibilitychange'));
    };
    state.mockReturnValue('visible');
    startStopwatch(0, 5000, connection.signal, (elapsed) => ticks.push(elapsed));
    at(3000, 'hidden');
    at(60_000, 'visible');
    at(61_000, 'visible');
    expect([...new Set(ticks)]).toEqual([2000, 3000]);
    connection.abort();
    at(70_000, 'visible');
    expect(ticks.at(-1)).toBe(3000);
    clock.mockRestore();
    state.mockRestore();
  });
});

describe('when there is nothing to earn', () => {
  const only = async (message: string, answer: unknown) => {
    fake.answers[OFFER!] = [answer];
    const reward = rewardIn(mount(REWARD));
    await says(reward, message);
    await expectAccessible(reward);
    return reward;
  };

  test.each([
    ['You have already earned this reward.', { offer: null, balance: 5, reason: 'already_earned' }],
    ['There is nothing to earn here right now.', { offer: null, balance: 5, reason: 'no_offer' }],
    ['There is nothing to earn here right now.', { offer: null, balance: 5 }],
    ['That is all for now. Please come back later.', problem(429, 'rate_limited')],
  ])('it says so, without a button: %s', async (message, answer) => {
    expect(button(await only(message, answer))).toBeNull();
  });

  test.each([
    ['an error', problem(500, 'internal_error')],
    ['a broken network', undefined],
    ['no JSON', new Response('<html>')],
  ])('after %s one can try again', async (_, answer) => {
    const reward = await only('That did not work.', answer);
    fake.answers[OFFER!] = [offer];
    button(reward).click();
    await says(reward, 'Stay here');
  });

  test('a claim that fails is tried again without starting over', async () => {
    fake.answers[CLAIM!] = [problem(503, 'storage_unavailable'), grant];
    const reward = await ready();
    button(reward).click();
    await says(reward, 'That did not work.');
    button(reward).click();
    await says(reward, 'You earned');
    expect(fake.asked.filter(({ url }) => url.pathname === START)).toHaveLength(1);
  });

  test('trying again is asked for once, however often the button is pressed', async () => {
    const reward = await only('That did not work.', undefined);
    fake.answers[OFFER!] = [offer];
    for (let index = 0; index < 3; index++) button(reward).click();
    await says(reward, 'Stay here');
    expect(fake.asked).toHaveLength(2);
  });

  test('a claim that was made before says so', async () => {
    fake.answers[CLAIM!] = [problem(409, 'already_claimed')];
    const reward = await ready();
    button(reward).click();
    await says(reward, 'You have already earned this reward.');
  });

  test('an offer that has run out is replaced by the next one', async () => {
    fake.answers[START!] = [problem(404, 'not_found'), readyAfter(100)];
    const reward = await invited();
    button(reward).click();
    await says(reward, 'That did not work.');
    button(reward).click();
    await says(reward, 'Stay here');
    expect(fake.asked.map(({ url }) => url.pathname)).toEqual([OFFER, START, OFFER]);
  });
});

describe('consent', () => {
  test('that is not given asks for nothing and says what is missing; given later, it invites', async () => {
    fake.ids = undefined;
    const reward = rewardIn(mount(REWARD));
    await says(reward, 'To earn points, allow statistics in the privacy settings.');
    expect(fake.asked).toHaveLength(0);
    await expectAccessible(reward);
    fake.choose(IDS);
    await says(reward, 'Stay here');
  });

  test('that is denied can be looked up again', async () => {
    fake.ids = null;
    const reward = rewardIn(mount(REWARD));
    await says(reward, 'To earn points');
    fake.ids = IDS;
    button(reward).click();
    await says(reward, 'Stay here');
  });

  test('that the server misses is asked for', async () => {
    fake.answers[OFFER!] = [problem(403, 'consent_missing')];
    await says(rewardIn(mount(REWARD)), 'To earn points');
  });
});

describe('in every setting', () => {
  test.each([
    ['en', 'Stay here for 15 seconds and get 1,250 points.', 'Start'],
    ['es', 'Quédate aquí 15 segundos y consigue 1250 puntos.', 'Empezar'],
    ['fr', 'Restez ici 15 secondes et recevez 1 250 points.', 'Commencer'],
    ['de', '15 Sekunden hierbleiben und 1.250 Punkte erhalten.', 'Starten'],
    ['zh-CN', '停留 15秒钟,即可获得 1,250 积分。', '开始'],
  ])('in %s it speaks that language', async (lang, message, start) => {
    const reward = await invited(mount(REWARD, { lang }));
    expect(text(reward, 'message')!.replace(/\s/g, ' ')).toBe(message);
    expect(button(reward).textContent!.trim()).toBe(start);
    await expectAccessible(reward);
  });

  test('one point is one point', async () => {
    fake.answers[OFFER!] = [{ ...offer, balance: 1 }];
    expect(text(await invited(), 'balance')).toBe('Balance: 1 point');
  });

  test.each(['light', 'dark'])('it can be read in %s colours, also while it runs', async (scheme) => {
    await emulate({ 'prefers-color-scheme': scheme });
    fake.answers[START!] = [readyAfter(60_000)];
    const reward = await invited();
    await expectAccessible(reward);
    button(reward).click();
    await says(reward, /left/);
    await expectAccessible(reward);
  });

  test('from right to left the button is on the right, and the bar fills from there', async () => {
    const reward = await ready(mount(REWARD, { dir: 'rtl' }));
    const right = (selector: string) => inside(reward, selector)!.getBoundingClientRect().right;
    expect(right('button')).toBe(right('.bar'));
    expect(right('.bar > span')).toBe(right('.bar'));
    expect(button(reward).getBoundingClientRect().left).toBeGreaterThan(
      inside(reward, '.bar')!.getBoundingClientRect().left + 50,
    );
  });

  test.each(['en', 'es', 'fr', 'de', 'zh'])('in %s it fits into 320 px, with a button that can be hit', async (lang) => {
    await page.viewport(320, 700);
    const reward = await invited(mount(REWARD, { lang }));
    expectNoOverflow(reward);
    expect(button(reward).getBoundingClientRect().height).toBeGreaterThanOrEqual(24);
  });

  test('with forced colours the bar keeps its edge and its filling', async () => {
    const reward = await ready();
    const [edge, filling] = [inside(reward, '.bar')!, inside(reward, '.bar > span')!].map((one) => getComputedStyle(one));
    const accent = filling!.backgroundColor;
    expect(edge!.borderTopStyle).toBe('none');
    underMedia(reward, 'forced-colors', () => {
      expect(edge!.borderTopStyle).toBe('solid');
      expect(filling!.backgroundColor).not.toBe(accent);
    });
  });
});
