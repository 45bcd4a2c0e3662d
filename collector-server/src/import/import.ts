import { createHash } from 'node:crypto';
import { orderKey } from '@orderloop/protocol';
import { deliveryEventId, eventOfFact } from '../ingest/delivery.ts';
import type { Vault } from '../privacy/vault.ts';
import type { OrderFact } from '../sources/contract.ts';
import { readOrderInput } from '../sources/generic.ts';
import { UnusableDelivery } from '../sources/shared/fields.ts';
import type { Storage } from '../storage/contract.ts';
import { cellText } from './amounts.ts';
import { createGroups, type Group } from './groups.ts';
import { type Layout, layoutOf, type ReadOrder, type RowFault, readOrder } from './orders.ts';
import { ownNamesProfile, type Profile, UnusableProfile } from './profile.ts';
import { RefusedText } from './refusal.ts';
import { type Row, readRows, UnreadableFile } from './rows.ts';

/** What becomes, or would become, of an order of a file. */
export interface ImportOutcome {
  order_id: string | null;
  outcome: 'created' | 'changed' | 'unchanged' | 'rejected';
  /** As a spreadsheet numbers them: the header is 1. */
  rows: number[];
  faults?: RowFault[];
}

export interface ImportDeps {
  storage: Pick<Storage, 'log' | 'events' | 'projections'>;
  vault: Vault;
  site: string;
  /** Order ids are unique within it: the account of the site's own server. */
  account: string;
  now: () => number;
  /** Looks, and writes nothing. */
  isDryRun: boolean;
  /** Told of each order when it is on disk, or refused. */
  onOutcome(outcome: ImportOutcome): void;
  onOrders(done: number, of: number): void;
}

const SOURCE = 'import';
const BATCH = 500;
/** Two edits that a clock of whole minutes can't tell apart: the one that comes later is the newer. */
const SAME_VERSION_MS = 60_000;

/**
 * Reads a CSV file of orders and appends what is new in it. The file is read to its end before anything is kept, so that one that
 * can't be read changes nothing. The same content again changes nothing, in whatever file it comes.
 * Throws UnreadableFile and UnusableProfile.
 */
export async function importOrders(
  chunks: AsyncIterable<Uint8Array>,
  given: Profile | null,
  deps: ImportDeps,
): Promise<{ rows: number }> {
  const groups = createGroups();
  try {
    const { profile, layout, width, rows } = await gather(chunks, given, groups.add, deps);
    const of = groups.size();
    let done = 0;
    let batch: Pending[] = [];
    const flush = async (): Promise<void> => {
      await settle(batch, deps);
      done += batch.length;
      batch = [];
      deps.onOrders(done, of);
    };
    for (const group of groups.all()) {
      batch.push(await judge(group, { layout, width, profile }, deps));
      if (batch.length === BATCH) await flush();
    }
    await flush();
    return { rows };
  } finally {
    groups.close();
  }
}

interface File {
  profile: Profile;
  layout: Layout;
  /** Cells of the header. */
  width: number;
}

async function gather(
  chunks: AsyncIterable<Uint8Array>,
  given: Profile | null,
  add: (order_id: string, row: Row) => void,
  { onOutcome }: ImportDeps,
): Promise<File & { rows: number }> {
  let file: File | null = null;
  let rows = 0;
  for await (const row of readRows(chunks, given ?? { encoding: 'utf-8', delimiter: ',' })) {
    if (file === null) {
      file = readHeader(row.values, given);
      continue;
    }
    rows += 1;
    const refuse = (code: string, detail: string): void => {
      const fault: RowFault = { row: row.row_number, column: file!.profile.columns.order_id!, field: 'order_id', code, detail };
      onOutcome({ order_id: null, outcome: 'rejected', rows: [row.row_number], faults: [fault] });
    };
    try {
      const order_id = cellText(row.values[file.layout.get('order_id')!] ?? '');
      if (order_id === '') refuse('missing', 'The row says no order.');
      else add(order_id, row);
    } catch (error) {
      if (!(error instanceof RefusedText)) throw error;
      refuse(error.code, error.message);
    }
  }
  if (file === null) throw new UnreadableFile('The file is empty: its first row should name the columns.');
  return { ...file, rows };
}

function readHeader(values: readonly string[], given: Profile | null): File {
  const header = values.map((name) => name.trim());
  const shown = `The file’s columns are ${header.map((name) => JSON.stringify(name)).join(', ')}.`;
  const profile = given ?? ownNames(header, shown);
  const { layout, missing, doubled } = layoutOf(header, profile);
  if (missing.length > 0)
    throw new UnreadableFile(`There is no column ${missing.map((name) => JSON.stringify(name)).join(', ')}. ${shown}`);
  if (doubled.length > 0) throw new UnreadableFile(`The column ${JSON.stringify(doubled[0])} is there twice.`);
  return { profile, layout, width: header.length };
}

function ownNames(header: readonly string[], shown: string): Profile {
  try {
    return ownNamesProfile(header);
  } catch (error) {
    if (!(error instanceof UnusableProfile)) throw error;
    throw new UnreadableFile(
      `There is no column ${JSON.stringify(error.pointer.replace('/columns/', ''))}: name the file’s columns in a profile, by --profile. ${shown}`,
    );
  }
}

interface Pending {
  outcome: ImportOutcome;
  /** Null when there is nothing to keep. */
  fact: OrderFact | null;
}

async function judge(group: Group, { layout, width, profile }: File, deps: ImportDeps): Promise<Pending> {
  const { storage, site, account, now } = deps;
  const outcome = (kind: ImportOutcome['outcome'], faults?: RowFault[]): ImportOutcome => ({
    order_id: group.order_id,
    outcome: kind,
    rows: group.rows.map(({ row_number }) => row_number),
    ...(faults && { faults }),
  });
  const rejected = (faults: RowFault[]): Pending => ({ outcome: outcome('rejected', faults), fact: null });
  const misshapen = shapeFaults(group, width);
  if (misshapen.length > 0) return rejected(misshapen);
  const order = readOrder(group.order_id, group.rows, layout, profile);
  if (Array.isArray(order)) return rejected(order);

  const delivery_id = `import:${profile.source}:${group.order_id}:${sha256(JSON.stringify(order.input))}`;
  const fact = readFact(order, account, delivery_id);
  if ('faults' in fact) return rejected(fact.faults);
  if (await storage.events.find(site, deliveryEventId(site, SOURCE, account, delivery_id)))
    return { outcome: outcome('unchanged'), fact: null };
  const known = (await storage.projections.findOrder(site, orderKey(fact.order)))?.row.projection.order;
  if (!known) return { outcome: outcome('created'), fact };
  const version = versionAfter(Date.parse(known.updated_at), fact.occurred_at, order.is_versioned, now());
  if (version === null) return { outcome: outcome('unchanged'), fact: null };
  const at = `${new Date(version).toISOString().slice(0, 19)}Z`;
  return { outcome: outcome('changed'), fact: { ...fact, occurred_at: version, order: { ...fact.order, updated_at: at } } };
}

/** UTC ms of the version that other rows of a known order are; null when the order is known in a newer version already. */
function versionAfter(known: number, said: number, isVersioned: boolean, now: number): number | null {
  if (said > known) return said;
  if (!isVersioned) return Math.max(now, known + 1000);
  return known - said < SAME_VERSION_MS ? known + 1000 : null;
}

function shapeFaults({ rows, count }: Group, width: number): RowFault[] {
  const fault = (row: number, code: string, detail: string): RowFault => ({ row, column: null, field: null, code, detail });
  if (count > rows.length)
    return [fault(rows.at(-1)!.row_number, 'too_many_rows', `An order may have ${rows.length} rows, and this has ${count}.`)];
  return rows
    .filter(({ values }) => values.slice(width).some((value) => value.trim() !== ''))
    .map(({ row_number, values }) =>
      fault(
        row_number,
        'too_many_cells',
        `The row has ${values.length} cells and the header ${width}: a cell that holds the delimiter must stand in quotes.`,
      ),
    );
}

function readFact(order: ReadOrder, account: string, delivery_id: string): OrderFact | { faults: RowFault[] } {
  try {
    return readOrderInput(order.input, account, delivery_id, '');
  } catch (error) {
    if (!(error instanceof UnusableDelivery)) throw error;
    return { faults: [order.faultAt(error.pointer, error.code, error.message)] };
  }
}

/** On disk first, told then. */
async function settle(batch: readonly Pending[], { storage, vault, site, now, isDryRun, onOutcome }: ImportDeps): Promise<void> {
  const facts = batch.flatMap(({ fact }) => fact ?? []);
  if (!isDryRun && facts.length > 0) {
    const received_at = now();
    await storage.log.append({ events: facts.map((fact) => eventOfFact(fact, { site, source: SOURCE, received_at, vault })) });
  }
  for (const { outcome } of batch) onOutcome(outcome);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
