import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SourceReading } from './contract.ts';
import { SOURCES } from './index.ts';

interface Vector {
  name: string;
  platform: string;
  /** What the platform calls the secret. */
  secret?: string;
  secrets?: string[];
  client_secret?: string;
  public_key_pem?: string;
  webhook_id?: string;
  cert_pem?: string;
  body: string;
  headers: Record<string, string>;
  now?: number;
  /** Without it, the vector is of how we sign a request, and its source's own test runs it. */
  expect?: 'ok' | 'bad_signature' | 'stale_timestamp' | 'ping_ack_200' | 'bad_cert_url';
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/sources/signature-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };
const deliveries = vectors.filter((vector) => vector.expect);

const secretsOf = ({ secrets, secret, client_secret, public_key_pem }: Vector): string[] =>
  secrets ?? [secret, client_secret, public_key_pem].filter((one) => one !== undefined);

const read = (vector: Vector, body: Buffer, secrets: string[]): SourceReading => {
  const { platform, headers, now = 1_770_117_607, webhook_id, cert_pem } = vector;
  const connection = { account: 'a', secrets, settings: { webhook_id, cert_pem } };
  return SOURCES[platform]!.read({ headers, signed: body, body }, connection, { now: now * 1000 });
};

function verdictOf(reading: SourceReading): string {
  if (reading.kind === 'refused') return reading.code;
  // The vectors' bodies are cut short: one that is let in is judged as an order next, and that is another test.
  return reading.kind === 'ignored' && reading.reason === 'ping' ? 'ping_ack_200' : 'ok';
}

for (const vector of deliveries) {
  test(`signature vector ${vector.name} is ${vector.expect}`, () => {
    const verdict = verdictOf(read(vector, Buffer.from(vector.body), secretsOf(vector)));
    expect(verdict).toBe(vector.expect === 'bad_cert_url' ? 'bad_signature' : vector.expect);
  });
}

const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
const otherSecret = (secret: string): string => (secret.includes('PUBLIC KEY') ? String(otherKey) : `${secret.slice(0, -3)}AAA`);

for (const vector of deliveries.filter(({ expect }) => expect === 'ok')) {
  test(`signature vector ${vector.name} is bad with one bit changed, and with another secret or webhook id`, () => {
    const changed = Buffer.from(vector.body);
    changed[changed.length - 2]! ^= 1;
    expect(verdictOf(read(vector, changed, secretsOf(vector)))).toBe('bad_signature');
    const { webhook_id } = vector;
    const other = webhook_id ? { ...vector, webhook_id: 'another' } : vector;
    expect(verdictOf(read(other, Buffer.from(vector.body), secretsOf(vector).map(otherSecret)))).toBe('bad_signature');
  });
}
