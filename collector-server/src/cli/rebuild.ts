import { parseArgs } from 'node:util';
import { purposesOf } from '../destinations/index.ts';
import { createProjector } from '../ingest/project.ts';
import { siteFactsOf } from '../ingest/site-facts.ts';
import { openStorage } from '../storage/open.ts';
import { printJson } from './io.ts';
import { showProgress } from './progress.ts';
import { loadConfig, OPTIONS, storageSpec } from './setup.ts';

/** `orderloop rebuild`: throws the projections away and derives them again. What was sent stays sent. */
export async function rebuild(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const config = loadConfig(values.config, values.data);
  const storage = await openStorage(storageSpec(values));
  try {
    const total = await storage.log.head();
    const siteFacts = siteFactsOf(config, purposesOf);
    // What was never projected is told as ever; what is derived again was told when it was derived first.
    await createProjector(storage, siteFacts, { now: Date.now }).catchUp();
    const began = Date.now();
    await storage.projections.reset();
    const progress = showProgress('events', total);
    const silent = (site: string) => ({ ...siteFacts(site), destinations: [] });
    await createProjector(storage, silent, { now: Date.now }).catchUp(progress.update);
    progress.end();
    const { orders, linked } = await storage.projections.counts();
    const seconds = Math.max(0.001, (Date.now() - began) / 1000);
    printJson({
      events: total,
      orders,
      linked,
      seconds: Number(seconds.toFixed(3)),
      events_per_second: Math.round(total / seconds),
    });
  } finally {
    await storage.close();
  }
}
