import { parseArgs } from 'node:util';
import { DELIVERY_STATES, type DeliveryState } from '@orderloop/protocol';
import { relayDepsOf } from '../background/relay-deps.ts';
import { createCaller } from '../outgoing/call.ts';
import { createRelay } from '../relay/relay.ts';
import type { OutboxFilter, OutboxRow, Storage } from '../storage/contract.ts';
import { openStorage } from '../storage/open.ts';
import { printJson, UnusableInput } from './io.ts';
import { loadConfig, OPTIONS, storageSpec } from './setup.ts';

const PAGE = 500;

const FILTERS = {
  site: { type: 'string' },
  destination: { type: 'string' },
  state: { type: 'string' },
  reason: { type: 'string' },
  id: { type: 'string' },
  replay: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
} as const;

/**
 * `orderloop deliveries`: what became of conversions at destinations. With `--replay` those of one destination that were given
 * up are queued again, under their own ids, for the collector that runs on this store; with `--dry-run` it is only counted.
 * `--id` is one conversion's.
 */
export async function deliveries(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { ...OPTIONS, ...FILTERS } });
  const { site, destination, reason, id } = values;
  const state = readState(values.state);
  if (values['dry-run'] && !values.replay) throw new UnusableInput('--dry-run says what --replay would do: give both.');
  const config = loadConfig(values.config, values.data);
  if (site !== undefined && !config.sites[site]) throw new UnusableInput(`There is no site ${site}.`, '/site');
  const storage = await openStorage(storageSpec(values));
  try {
    if (!values.replay) {
      const filter: OutboxFilter = {
        states: state ? [state] : DELIVERY_STATES,
        ...(site !== undefined && { site }),
        ...(destination !== undefined && { destination }),
        ...(reason !== undefined && { reason }),
        ...(id !== undefined && { conversion_id: id }),
      };
      return printJson({ deliveries: await readAll(storage, filter), paused: await storage.outbox.pauses() });
    }
    if (site === undefined || destination === undefined)
      throw new UnusableInput('--replay needs --site and --destination: each platform has its own limits.');
    const caller = createCaller(config.allow_private_targets ?? []);
    const relay = createRelay(relayDepsOf(config, storage, caller, Date.now));
    const filter = { site, destination, ...(reason !== undefined && { reason }), ...(id !== undefined && { conversion_id: id }) };
    // Queued alone: who sends is the collector, which may be running.
    await relay.stop();
    const report = await relay.replay(filter, values['dry-run']);
    await caller.close();
    if (!report) throw new UnusableInput(`Site ${site} has no destination ${destination}.`, '/destination');
    printJson({ ...report, dry_run: values['dry-run'] });
  } finally {
    await storage.close();
  }
}

function readState(text: string | undefined): DeliveryState | undefined {
  const state = DELIVERY_STATES.find((known) => known === text);
  if (text !== undefined && !state) throw new UnusableInput(`--state must be one of ${DELIVERY_STATES.join(', ')}.`, '/state');
  return state;
}

async function readAll({ outbox }: Pick<Storage, 'outbox'>, filter: OutboxFilter): Promise<object[]> {
  const found: object[] = [];
  for (let after = 0; ; ) {
    const rows: OutboxRow[] = await outbox.list(filter, after, PAGE);
    if (rows.length === 0) return found;
    after = rows.at(-1)!.id;
    // What was sent is personal data, and sealed.
    found.push(...rows.map(({ snapshot: _, fence: __, ...row }) => row));
  }
}
