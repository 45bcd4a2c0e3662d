import { html } from '../html.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';

export function notFoundPage({ words }: Visit): Page {
  const { title, text, action } = words.notFound;
  return { title, body: html`<div class="empty"><h1>${title}</h1><p>${text}</p><a class="button" href="/">${action}</a></div>` };
}
