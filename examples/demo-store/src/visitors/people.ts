import type { Random } from './random.ts';

// Made-up names under example.com, and telephone numbers from the ranges that regulators keep for fiction.
const FIRST = 'Nora Ota Mila Jonas Ines Hugo Lina Tomas Freya Emil Clara Mateo Ida Noel Vera Luis Elin Marek Zoe Anouk'.split(
  ' ',
);
const LAST =
  'Lind Berg Maro Ferro Holm Duval Prado Winter Sand Noor Alder Costa Brandt Moreau Sol Quist Rey Falk Linden Vega'.split(' ');

const PLACES = [
  { country: 'DE', city: 'Kiel', postal_code: '24103', street: 'Hafenstraße', language: 'de-DE', phone: '+49171392000' },
  { country: 'DE', city: 'Leipzig', postal_code: '04109', street: 'Lindenweg', language: 'de-DE', phone: '+49171392000' },
  { country: 'FR', city: 'Nantes', postal_code: '44000', street: 'rue du Port', language: 'fr-FR', phone: '+3363998000' },
  { country: 'FR', city: 'Lyon', postal_code: '69002', street: 'quai de la Scène', language: 'fr-FR', phone: '+3363998000' },
  { country: 'ES', city: 'Cádiz', postal_code: '11001', street: 'calle del Faro', language: 'es-ES', phone: undefined },
  { country: 'GB', city: 'Whitby', postal_code: 'YO21 1DN', street: 'Harbour Lane', language: 'en-GB', phone: '+44770090000' },
  { country: 'IE', city: 'Cork', postal_code: 'T12 W8KX', street: 'Quay Street', language: 'en-IE', phone: undefined },
  { country: 'NL', city: 'Delft', postal_code: '2611 EV', street: 'Havenstraat', language: 'nl-NL', phone: undefined },
] as const;

const AGENTS = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
];

export interface Person {
  email: string;
  phone?: string;
  first_name: string;
  last_name: string;
  address: { street: string; postal_code: string; city: string; country: string };
  user_agent: string;
  language: string;
}

/** A person nobody is; `number` keeps their addresses apart. */
export function inventPerson(random: Random, number: number): Person {
  const first_name = random.pick(FIRST);
  const last_name = random.pick(LAST);
  const { street, phone, language, ...place } = random.pick(PLACES);
  return {
    email: `${first_name}.${last_name}.${number}@example.com`.toLowerCase(),
    ...(phone && random.chance(0.6) && { phone: phone + String(random.between(10, 99)) }),
    first_name,
    last_name,
    address: { ...place, street: `${street} ${random.between(1, 90)}` },
    user_agent: random.pick(AGENTS),
    language,
  };
}
