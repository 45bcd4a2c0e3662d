// Conversions on file that wait to be sent, put there without the orders that they came of.
import { conversionState } from '../collector-server/src/relay/testing.ts';
import type { Storage } from '../collector-server/src/storage/contract.ts';

const CHUNK = 5_000;

/** `count` conversions of the site `bench`, queued for a destination; `idOf` names them. */
export async function queueConversions(
  storage: Storage,
  count: number,
  idOf: (index: number) => string = (index) => `c${index}`,
  destination = 'meta',
): Promise<void> {
  const now = Date.now();
  for (let start = 0; start < count; start += CHUNK) {
    await storage.projections.transaction(['bench'], async (tx) => {
      for (let index = start; index < Math.min(count, start + CHUNK); index++) {
        const id = idOf(index);
        await tx.putConversion({ ...conversionState(id, {}, now), site: 'bench' });
        await tx.enqueue('bench', id, destination, now);
      }
    });
  }
}
