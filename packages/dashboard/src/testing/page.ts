import axe from 'axe-core';
import { h, render } from 'preact';
import { expect, vi } from 'vitest';
import { cdp, page } from 'vitest/browser';
import { App } from '../app.tsx';
import { loadTexts, preferredLanguage } from '../i18n.ts';
import { status } from './person.ts';

/** Answers by path: a body, or a Response. What has none is not found. */
export type Answers = Record<string, unknown>;

/** A collector behind `fetch`; its answers may change while a page is open. */
export function installFakeCollector(answers: Answers): Answers {
  const all: Answers = { '/v1/status': status, ...answers };
  vi.stubGlobal('fetch', async (path: string) => {
    const answer = all[path];
    if (answer === undefined) return Response.json({ code: 'not_found' }, { status: 404 });
    return answer instanceof Response ? answer.clone() : Response.json(answer);
  });
  return all;
}

/** The element that the app is drawn into, on a page with the dashboard's own styles. */
export async function openPage(): Promise<HTMLElement> {
  const sheet = document.createElement('link');
  sheet.rel = 'stylesheet';
  sheet.href = new URL('../../static/dashboard.css', import.meta.url).href;
  const loaded = new Promise((resolve) => sheet.addEventListener('load', resolve));
  document.head.append(sheet);
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  await loaded;
  return root;
}

/** The dashboard, in the language that the address asks for. */
export async function drawApp(root: HTMLElement): Promise<void> {
  render(h(App, { texts: await loadTexts(preferredLanguage()) }), root);
}

export async function closePage(root: HTMLElement): Promise<void> {
  render(null, root);
  document.body.replaceChildren();
  for (const sheet of document.head.querySelectorAll('link[rel="stylesheet"]')) sheet.remove();
  vi.unstubAllGlobals();
  await emulate();
  await page.viewport(1280, 900);
}

/** What a browser is told of its user's wishes, such as `prefers-color-scheme`. Without any, all are reset. */
export async function emulate(features: Record<string, string> = {}): Promise<void> {
  const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
  await session.send('Emulation.setEmulatedMedia', {
    features: Object.entries(features).map(([name, value]) => ({ name, value })),
  });
}

/** Fails with what axe finds on the whole page. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document);
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`),
  ).toEqual([]);
}

/** Nothing is wider than the page. */
export function expectNoOverflow(): void {
  const { scrollWidth, clientWidth } = document.documentElement;
  expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  const cut = [...document.querySelectorAll<HTMLElement>('main *')].filter(
    (part) => part.getBoundingClientRect().right > clientWidth + 1 || part.getBoundingClientRect().left < -1,
  );
  expect(cut.map(({ outerHTML }) => outerHTML)).toEqual([]);
}
