import type { SourceDelivery } from '@orderloop/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sourceDelivery } from '../storage/deliveries.suite.ts';
import { createDeliveryRecorder } from './recorder.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A background that keeps what it is given, and can be told to fail. */
function recorderWith() {
  const puts: SourceDelivery[][] = [];
  const errors: unknown[] = [];
  const background = { fails: false, puts, errors };
  const put = async (deliveries: readonly SourceDelivery[]): Promise<void> => {
    if (background.fails) throw new Error('not now');
    puts.push([...deliveries]);
  };
  return { background, recorder: createDeliveryRecorder(put, (error) => errors.push(error)) };
}

const idsOf = (puts: SourceDelivery[][]) => puts.map((deliveries) => deliveries.map(({ id }) => id));

test('what comes in a quarter of a second is handed on at once, and nothing when nothing came', async () => {
  const { background, recorder } = recorderWith();
  recorder.note(sourceDelivery('1'));
  await vi.advanceTimersByTimeAsync(249);
  recorder.note(sourceDelivery('2'));
  expect(background.puts).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(background.puts)).toEqual([['1', '2']]);
  recorder.note(sourceDelivery('3'));
  await vi.advanceTimersByTimeAsync(250);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(idsOf(background.puts)).toEqual([['1', '2'], ['3']]);
});

test('many of one id are handed on as one that stands for them all', async () => {
  const { background, recorder } = recorderWith();
  for (let index = 0; index < 5000; index++) recorder.note(sourceDelivery('flood', { received_at: index, verified: false }));
  recorder.note(sourceDelivery('flood', { site: 'other' }));
  await vi.advanceTimersByTimeAsync(250);
  expect(background.puts).toEqual([
    [
      sourceDelivery('flood', { received_at: 4999, first_at: 0, count: 5000, verified: false }),
      sourceDelivery('flood', { site: 'other' }),
    ],
  ]);
});

test('of a burst the oldest go', async () => {
  const { background, recorder } = recorderWith();
  for (let index = 0; index < 1003; index++) recorder.note(sourceDelivery(String(index)));
  await vi.advanceTimersByTimeAsync(250);
  const [ids] = idsOf(background.puts);
  expect(ids).toHaveLength(1000);
  expect(ids!.slice(0, 2)).toEqual(['3', '4']);
});

test('what could not be kept is handed on again, before what came meanwhile', async () => {
  const { background, recorder } = recorderWith();
  background.fails = true;
  recorder.note(sourceDelivery('1'));
  await vi.advanceTimersByTimeAsync(250);
  expect(background.errors).toHaveLength(1);
  recorder.note(sourceDelivery('2'));
  background.fails = false;
  await vi.advanceTimersByTimeAsync(1000);
  expect(idsOf(background.puts)).toEqual([['1', '2']]);
});

test('a stop hands on what waits, and takes nothing more', async () => {
  const { background, recorder } = recorderWith();
  recorder.note(sourceDelivery('1'));
  await recorder.stop();
  recorder.note(sourceDelivery('2'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(idsOf(background.puts)).toEqual([['1']]);
  expect(vi.getTimerCount()).toBe(0);
});
