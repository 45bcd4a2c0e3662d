import type { EventInput } from '@orderloop/protocol';
import type { Random } from './random.ts';

/** How visitors find the shop, and how often. */
const SHARES = { social: 26, search: 20, video: 14, email: 12, organic: 16, direct: 12 };
export type Channel = keyof typeof SHARES;

/** How likely a visitor of a channel is to buy. */
export const BUYING: Record<Channel, number> = {
  social: 0.09,
  search: 0.15,
  video: 0.06,
  email: 0.22,
  organic: 0.11,
  direct: 0.12,
};

/** What a landing carries. */
export interface Landing {
  path: string;
  query: string;
  referrer?: string;
  campaign?: NonNullable<EventInput['campaign']>;
  click?: { param: string; value: string };
}

export function pickChannel(random: Random): Channel {
  return random.weighed(SHARES);
}

export function landOn(channel: Channel, random: Random): Landing {
  const token = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('base64url');
  switch (channel) {
    case 'social':
      return tagged(
        random.pick(['/products/bollard', '/products/dune', '/']),
        'parlour',
        'paid_social',
        random.pick(['autumn-lights', 'slow-evenings']),
        {
          param: 'fbclid',
          value: `IwY2xjaw${token(60)}`,
        },
      );
    case 'search':
      return tagged(
        random.pick(['/products/tern', '/products/harbour', '/']),
        'wayfind',
        'cpc',
        random.pick(['search-lamps', 'search-brand']),
        {
          param: 'gclid',
          value: `Cj0KCQiA${token(54)}`,
        },
      );
    case 'video':
      return tagged(random.pick(['/products/skerry', '/products/buoy']), 'flick', 'paid_video', 'lights-on', {
        param: 'ttclid',
        value: `E.C.P.${token(90)}`,
      });
    case 'email':
      return tagged(random.pick(['/', '/products/fathom']), 'letter', 'email', 'november-letter');
    case 'organic':
      return { path: random.pick(['/', '/products/bollard', '/products/ebb']), query: '', referrer: 'https://www.google.com/' };
    case 'direct':
      return { path: '/', query: '' };
  }
}

function tagged(path: string, source: string, medium: string, campaign: string, click?: Landing['click']): Landing {
  const query = new URLSearchParams({ utm_source: source, utm_medium: medium, utm_campaign: campaign });
  if (click) query.set(click.param, click.value);
  return { path, query: `?${query}`, campaign: { source, medium, campaign }, ...(click && { click }) };
}
