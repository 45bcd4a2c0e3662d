import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import type { ClientOptions } from './options.ts';

const SECRET = Buffer.alloc(24, 7).toString('base64');
const GOOD: ClientOptions = { url: 'https://collector.example.com', key: 'sk_test_1', signingSecret: `whsec_${SECRET}` };

/** The message of what `createClient` throws. */
function complaint(options: Record<string, unknown>): string {
  try {
    createClient({ ...GOOD, ...options } as ClientOptions);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

test('good options are taken', () => {
  expect(() => createClient(GOOD)).not.toThrow();
});

describe('a wrong option says what is wrong, what was found and what to do', () => {
  test.each([
    [{ url: undefined }, 'url is missing (found nothing); pass where the collector is, such as https://collector.example.com.'],
    [{ url: 'collector:8080/x y' }, 'url is neither https nor http (found collector:); pass where'],
    [{ url: 'collector' }, 'url is not an absolute URL (found "collector"); pass where'],
    [{ url: 'https://collector.example.com/?site=1' }, 'url has a query or a fragment (found ?); pass where'],
    [{ key: '' }, 'key is missing (found an empty text); pass the secret key of the site, which starts with sk_.'],
    [{ key: 'pk_live_1' }, 'key is a publishable key, which may not send orders (found pk_…); pass the secret key'],
    [{ key: 'live_1' }, 'key is not a secret key (found a text of 6 characters); pass the secret key'],
    [{ key: 'sk_a\r\nx: y' }, 'key can’t be sent in a header (found a space or a character outside ASCII'],
    [
      { signingSecret: SECRET },
      'signingSecret does not start with whsec_ (found a text of 32 characters); pass the signing secret',
    ],
    [
      { signingSecret: 'whsec_!!' },
      'signingSecret is not base64 after whsec_ (found another character); pass the signing secret',
    ],
    [{ signingSecret: 'whsec_AAAA' }, 'signingSecret is not 24 to 64 bytes long (found 3 bytes); pass the signing secret'],
    [{ maxAttempts: 0 }, 'maxAttempts is not a whole number from 1 to 20 (found 0); leave it out for the default.'],
    [{ timeoutMs: 1.5 }, 'timeoutMs is not a whole number from 1 to 300000 (found 1.5); leave it out for the default.'],
  ])('%j', (options, message) => {
    expect(complaint(options)).toContain(`[orderloop] [client] ${message}`);
  });

  test('and never quotes a secret', () => {
    const password = 'hunter2-hunter2';
    expect(complaint({ url: `https://shop:${password}@collector.example.com` })).not.toContain(password);
    expect(complaint({ key: `pw ${password}` })).not.toContain(password);
    expect(complaint({ signingSecret: `whsec_*${password}` })).not.toContain(password);
  });
});
