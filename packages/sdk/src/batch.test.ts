import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchBody, byteLength, type Entry, takeBatch } from './batch.ts';

const entry = (event_id: string, size = 20): Entry => ({ event_id, json: `"${'é'.repeat(size)}"` });

test('a body is the key, the time and the events, word for word', () => {
  const body = batchBody('pk_demo_x', 5, [
    { event_id: 'a', json: '{"event":"a"}' },
    { event_id: 'b', json: '{"event":"b"}' },
  ]);
  expect(JSON.parse(body)).toEqual({ key: 'pk_demo_x', sent_at: 5, events: [{ event: 'a' }, { event: 'b' }] });
});

test('a batch takes no more than a hundred events', () => {
  expect(takeBatch(Array.from({ length: 150 }, (_, index) => entry(`${index}`)))).toHaveLength(100);
});

test('batches hold every event once, in order, and stay under 60 KiB in bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 16_000 }), { maxLength: 40 }), (sizes) => {
      const entries = sizes.map((size, index) => entry(`${index}`, size));
      const seen: Entry[] = [];
      while (seen.length < entries.length) {
        const batch = takeBatch(entries.slice(seen.length));
        expect(batch.length).toBeGreaterThan(0);
        expect(byteLength(batchBody('pk_demo_x', 1_800_000_000_000, batch))).toBeLessThanOrEqual(60 * 1024);
        seen.push(...batch);
      }
      expect(seen).toEqual(entries);
    }),
  );
});
