import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SOURCES } from './index.ts';

interface Vector {
  name: string;
  platform: string;
  secret?: string;
  secrets?: string[];
  webhook_id?: string;
  cert_pem?: string;
  body: string;
  headers: Record<string, string>;
  now?: number;
  expect: 'ok' | 'bad_signature' | 'stale_timestamp' | 'bad_cert_url';
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/sources/signature-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };

for (const vector of vectors) {
  test(`signature vector ${vector.name} is ${vector.expect}`, () => {
    const { secret, secrets = secret === undefined ? [] : [secret], webhook_id, cert_pem } = vector;
    const body = Buffer.from(vector.body);
    const connection = { account: 'a', secrets, settings: { webhook_id, cert_pem } };
    const reading = SOURCES[vector.platform]!.read({ headers: vector.headers, signed: body, body }, connection, {
      now: (vector.now ?? 1_770_117_607) * 1000,
    });
    // The vectors' bodies are cut short: one that is let in is judged as an order next, and that is another test.
    const verdict = reading.kind === 'refused' ? reading.code : 'ok';
    expect(verdict).toBe(vector.expect === 'bad_cert_url' ? 'bad_signature' : vector.expect);
  });
}
