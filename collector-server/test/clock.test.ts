import { expect, test } from 'vitest';
import { newId, newVisit, postEvents, startTestCollector, testConfig } from './harness.ts';

const HOUR_MS = 3_600_000;

test('F17: a server whose clock jumps keeps taking events, once each, and none waits for the clock to come back', async () => {
  let offset = 0;
  const collector = await startTestCollector(testConfig(), undefined, { now: () => Date.now() + offset });
  let accepted = 0;
  for (const jump of [0, -HOUR_MS, HOUR_MS, -24 * HOUR_MS, 0]) {
    offset = jump;
    const at = Date.now() + offset;
    const event = newVisit(at - 60_000).event('page_view');
    const first = await postEvents(collector, [event], {}, { sent_at: at });
    const again = await postEvents(collector, [event], {}, { sent_at: at });
    expect([first.body, again.body]).toMatchObject([{ accepted: 1 }, { accepted: 0, duplicate: 1 }]);
    accepted++;
  }
  expect(await collector.storage.log.head()).toBe(accepted);
  expect(collector.errors).toEqual([]);
});

test('L2, F17: a sender whose clock is a year off is put right by what it says of its own time, and flagged', async () => {
  const collector = await startTestCollector();
  for (const off of [-365 * 24 * HOUR_MS, 365 * 24 * HOUR_MS]) {
    const event_id = newId();
    const event = { ...newVisit().event('page_view'), event_id, occurred_at: Date.now() + off };
    const { status } = await postEvents(collector, [event], {}, { sent_at: Date.now() + off });
    expect(status).toBe(202);
    const stored = await collector.storage.events.find('demo', event_id);
    expect(Math.abs(stored!.occurred_at - Date.now())).toBeLessThan(60_000);
    expect(stored!.clock_offset_ms).toBeDefined();
    expect(Math.abs(stored!.clock_offset_ms! + off)).toBeLessThan(60_000);
  }
});
