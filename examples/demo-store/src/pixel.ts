// The ad platform's own pixel, put in as its help pages say: its queue, its script, and nothing before consent.
import type { Choice } from './consent.ts';
import { type Html, html, json } from './html.ts';

export interface PixelOptions {
  platformUrl: string;
  pixelId: string;
}

export function pixelTags({ platformUrl, pixelId }: PixelOptions, nonce: string, choice: Choice | undefined): Html {
  return html`<script nonce="${nonce}">window.fbq=window.fbq||function(){fbq.callMethod?fbq.callMethod.apply(fbq,arguments):fbq.queue.push(arguments)};fbq.queue=fbq.queue||[];
fbq('consent','${choice === 'all' ? 'grant' : 'revoke'}');fbq('init',${json(pixelId)});fbq('track','PageView');</script>
<script async src="${platformUrl}/pixel.js"></script>`;
}
