import axe from 'axe-core';
import { expect } from 'vitest';
import { cdp, page } from 'vitest/browser';

/** Puts markup on the page, with something below it that would move if it grew. */
export function mount(markup: string, attributes: { lang?: string; dir?: string; style?: string } = {}): HTMLElement {
  const main = document.createElement('main');
  for (const [name, value] of Object.entries(attributes)) main.setAttribute(name, value);
  main.innerHTML = `${markup}<p>What follows</p>`;
  document.body.append(main);
  return main;
}

/** Fails with what axe finds. Landmarks are the page's business. */
export async function expectAccessible(context: Element): Promise<void> {
  const { violations } = await axe.run(context, { rules: { region: { enabled: false } } });
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`),
  ).toEqual([]);
}

/** What a browser is told of its user's wishes, such as `prefers-color-scheme`. Without any, all are reset. */
export async function emulate(features: Record<string, string> = {}): Promise<void> {
  const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
  await session.send('Emulation.setEmulatedMedia', {
    features: Object.entries(features).map(([name, value]) => ({ name, value })),
  });
}

/** The sum of all layout shifts from here until it is asked. */
export function measureShifts(): () => Promise<number> {
  let sum = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value;
  });
  observer.observe({ type: 'layout-shift' });
  return async () => {
    await frames(3);
    observer.disconnect();
    return sum;
  };
}

/** Resolves when the browser has painted so many times. */
export async function frames(amount = 1): Promise<void> {
  for (let index = 0; index < amount; index++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

export async function resetPage(): Promise<void> {
  document.body.replaceChildren();
  window.scrollTo(0, 0);
  await emulate();
  await page.viewport(800, 600);
}

/** No text is cut off at the side, and nothing is wider than the page. */
export function expectNoOverflow(element: Element): void {
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(document.documentElement.clientWidth);
  for (const part of element.shadowRoot!.querySelectorAll<HTMLElement>('[part]')) {
    expect([part.className, part.getBoundingClientRect().right]).toEqual([
      part.className,
      Math.min(part.getBoundingClientRect().right, element.getBoundingClientRect().right + 1),
    ]);
  }
}

/**
 * Makes a media rule of an element's styles hold while something is checked. Forced colours are not emulated: Chromium
 * does it for all pages of a process, and so for the test files beside this one.
 */
export function underMedia(element: Element, condition: string, check: () => void): void {
  const rules = element
    .shadowRoot!.adoptedStyleSheets.flatMap(({ cssRules }) => [...cssRules])
    .filter((rule): rule is CSSMediaRule => rule instanceof CSSMediaRule && rule.media.mediaText.includes(condition));
  const texts = rules.map(({ media }) => media.mediaText);
  for (const { media } of rules) media.mediaText = 'all';
  try {
    check();
  } finally {
    rules.forEach(({ media }, index) => {
      media.mediaText = texts[index]!;
    });
  }
}
