import { expect, test } from 'vitest';
import { botFlag } from './bots.ts';

test.each([
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36',
  'curl/8.9.1',
  'python-requests/2.32.3',
  'Go-http-client/2.0',
  undefined,
  '',
])('R3: %s is flagged', (userAgent) => {
  expect(botFlag(userAgent)).toBe(true);
});

test.each([
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0',
  'Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0.0.30.108',
])('R3: a visitor with %s is not', (userAgent) => {
  expect(botFlag(userAgent)).toBe(false);
});

test('L6: no name takes longer than a millisecond, however it is made', () => {
  const KIB_8 = 8192;
  const unit = ['a', '1.', '/1.1.1', 'Mozilla/5.0 (', ' ;a', '@a', '; a;', '((((', '\\', '-_.', 'compatible; ', '.1.1.1', ' a/1'];
  for (const part of unit) {
    const began = performance.now();
    const RUNS = 20;
    // A name of its own each time, so that none is remembered.
    for (let run = 0; run < RUNS; run++) botFlag(`${part.repeat(KIB_8 / part.length).slice(0, 500)}${run}${part.repeat(KIB_8)}`);
    expect((performance.now() - began) / RUNS, part).toBeLessThan(1);
  }
});
