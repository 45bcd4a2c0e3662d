// Mapped conversions per second of processor time, for each destination, beside a bare JSON.stringify of the same payload.
//   npm run bench -- mapping [seconds each]

import { DESTINATIONS } from '../collector-server/src/destinations/index.ts';
import { purchase, SETTINGS } from '../collector-server/src/destinations/testing.ts';
import type { Conversion } from '../packages/protocol/src/index.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const WANTED = 20_000;
const BATCH = 1_000;
const NOW = Date.parse('2026-11-20T10:20:00Z');
const GRANTED = 'granted' as const;

/** Each of another buyer, with everything that platforms take. */
const conversions: Conversion[] = Array.from({ length: BATCH }, (_, index) => ({
  ...purchase(),
  event_id: `shop:N-${index}:purchase`,
  user: {
    id: `cust-${index}`,
    email: `Nora.Lind${index}@Example.com `,
    phone: `+49 151 2345-${String(index).padStart(4, '0')}`,
    first_name: 'Nora',
    last_name: `Lind-${index}`,
    city: 'München',
    region: 'Bayern',
    postal_code: '80331',
    country: 'DE',
  },
  click_ids: Object.fromEntries(
    ['fbclid', 'gclid', 'ttclid', 'epik', 'ScCid', 'msclkid', 'rdt_cid', 'li_fat_id', 'twclid'].map((param) => [
      param,
      `${param}-${index}`,
    ]),
  ),
  cookies: { _ga: 'GA1.1.1234567890.1790000000', _fbp: 'fb.1.1794000000000.1122334455' },
  consent: { ad_storage: GRANTED, ad_user_data: GRANTED, ad_personalization: GRANTED, analytics_storage: GRANTED },
}));

/** How often a step of `BATCH` conversions fits into a second of processor time. */
function perCpuSecond(step: () => void): number {
  for (let warm = 0; warm < 5; warm++) step();
  const began = process.cpuUsage();
  let steps = 0;
  let used = 0;
  do {
    step();
    steps += 1;
    const { user, system } = process.cpuUsage(began);
    used = (user + system) / 1e6;
  } while (used < SECONDS);
  return Math.round((steps * BATCH) / used);
}

let slowest = Number.POSITIVE_INFINITY;
for (const [id, destination] of Object.entries(DESTINATIONS)) {
  const context = { now: NOW };
  const { requests, skipped } = destination.requests(conversions, SETTINGS[id]!, context);
  if (skipped.length > 0) throw new Error(`${id} skips ${JSON.stringify(skipped[0])}`);
  const payloads = requests.map(({ body }) => JSON.parse(body) as unknown);
  const mapped = perCpuSecond(() => void destination.requests(conversions, SETTINGS[id]!, context));
  const bare = perCpuSecond(() => {
    for (const payload of payloads) JSON.stringify(payload);
  });
  slowest = Math.min(slowest, mapped);
  console.log(
    `${id.padEnd(15)} ${String(mapped).padStart(7)}/s mapped, ${String(bare).padStart(8)}/s bare JSON.stringify, ratio ${(mapped / bare).toFixed(2)}`,
  );
}
console.log(`slowest ${slowest}/s; wanted: ${WANTED}/s on one core`);
