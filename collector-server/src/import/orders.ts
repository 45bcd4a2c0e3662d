import { ORDER_INPUT_STATUSES, type OrderInput } from '@orderloop/protocol';
import { cellText, readDecimal } from './amounts.ts';
import { FIELD_NAMES, type Field, fieldsOf, placeOf } from './fields.ts';
import type { Profile } from './profile.ts';
import { RefusedText } from './refusal.ts';
import type { Row } from './rows.ts';
import { readTime } from './times.ts';

/** Why an order of a file is not taken: the row as a spreadsheet numbers it, the column by its header, our name for it. */
export interface RowFault {
  row: number;
  column: string | null;
  field: Field | null;
  code: string;
  detail: string;
}

export interface ReadOrder {
  order_id: string;
  /** As `POST /v1/orders` takes it; it is yet to be judged. */
  input: OrderInput;
  /** Whether the file says when the order changed last. Where not, its newest time stands in `updated_at`. */
  is_versioned: boolean;
  /** Which row a place of `input` came from: for a fault that is found later. */
  faultAt(pointer: string, code: string, detail: string): RowFault;
}

/** Where each field stands in a row. */
export type Layout = ReadonlyMap<Field, number>;

type Cells = Partial<Record<Field, string>>;
type Part = { row: number; value: Record<string, unknown> };

const TIMES: readonly Field[] = ['created_at', 'paid_at', 'cancelled_at'];
const PAID = new Set(['paid', 'partially_refunded', 'refunded']);
const YES = new Set(['true', 'yes', 'y', '1', 'wahr', 'ja', 'vrai', 'oui', 'verdadero', 'sí', 'si', '是']);
const NO = new Set(['false', 'no', 'n', '0', 'falsch', 'nein', 'faux', 'non', 'falso', '否']);

/** Reads the rows of one order; answers its faults when there is any, so that no order is taken in part. */
export function readOrder(order_id: string, rows: readonly Row[], layout: Layout, profile: Profile): ReadOrder | RowFault[] {
  const faults: RowFault[] = [];
  const fault = (row: number, field: Field | null, code: string, detail: string): RowFault => ({
    row,
    column: field === null ? null : (profile.columns[field] ?? null),
    field,
    code,
    detail,
  });
  const read = rows.map(({ row_number, values }) =>
    readCells(values, layout, profile, (...args) => faults.push(fault(row_number, ...args))),
  );
  const whole: Cells = { ...profile.fixed, order_id };
  const rowOf = new Map<Field, number>();
  for (const field of fieldsOf('order')) {
    for (const [index, cells] of read.entries()) {
      const value = cells[field];
      if (value === undefined || value === whole[field]) continue;
      const row = rows[index]!.row_number;
      // Some exports say what is the order's in its first row alone; two rows that say different things are a fault.
      if (whole[field] === undefined) {
        whole[field] = value;
        rowOf.set(field, row);
      } else
        faults.push(
          fault(
            row,
            field,
            'rows_disagree',
            `Row ${rowOf.get(field) ?? rows[0]!.row_number} of this order says ${JSON.stringify(whole[field])}.`,
          ),
        );
    }
  }
  const lines = partsOf('line', rows, read, profile);
  const refunds = refundsOf(partsOf('refund', rows, read, profile), (row, field, code, detail) =>
    faults.push(fault(row, field, code, detail)),
  );
  const order = assemble(fieldsOf('order'), whole, profile, (field, code, detail) =>
    faults.push(fault(rowOf.get(field) ?? rows[0]!.row_number, field, code, detail)),
  );
  const parts = [...lines, ...refunds].map(({ row, cells, fields }) => ({
    row,
    value: assemble(fields, cells, profile, (field, code, detail) => faults.push(fault(row, field, code, detail))),
  }));
  if (faults.length > 0) return faults;
  const line_items = parts.slice(0, lines.length);
  const returned = parts.slice(lines.length);
  return {
    order_id,
    input: {
      ...withTimes(order, returned),
      source: profile.source,
      ...(line_items.length > 0 && { line_items: line_items.map(({ value }) => value) }),
      ...(returned.length > 0 && { refunds: returned.map(({ value }) => value) }),
    } as unknown as OrderInput,
    is_versioned: whole.updated_at !== undefined,
    faultAt(pointer, code, detail) {
      const [first = '', index = '', ...rest] = pointer.split('/').slice(1);
      const list = first === 'line_items' ? line_items : first === 'refunds' ? returned : null;
      const of = list === null ? 'order' : first === 'refunds' ? 'refund' : 'line';
      const at = list === null ? pointer.slice(1) : rest.join('/');
      const field = fieldsOf(of).find((one) => placeOf(one).at === at) ?? null;
      const row = list?.[Number(index)]?.row ?? (field && rowOf.get(field)) ?? rows[0]!.row_number;
      return fault(row, field, code, detail);
    },
  };
}

type OnFault = (field: Field | null, code: string, detail: string) => void;

function readCells(values: readonly string[], layout: Layout, { columns }: Profile, onFault: OnFault): Cells {
  const cells: Cells = {};
  for (const [field, index] of layout) {
    try {
      const text = cellText(values[index] ?? '');
      if (text !== '') cells[field] = text;
    } catch (error) {
      if (!(error instanceof RefusedText)) throw error;
      onFault(columns[field] === undefined ? null : field, error.code, error.message);
    }
  }
  return cells;
}

/** The lines, or the refunds, that the rows hold: one a row, where the row says anything of it. */
function partsOf(of: 'line' | 'refund', rows: readonly Row[], read: readonly Cells[], { fixed }: Profile) {
  const fields = fieldsOf(of);
  return read.flatMap((cells, index) =>
    fields.some((field) => cells[field] !== undefined)
      ? [{ row: rows[index]!.row_number, cells: { ...fixed, ...cells }, fields }]
      : [],
  );
}

type CellsOfPart = ReturnType<typeof partsOf>[number];

/** A refund of the whole order stands in each of its rows in some exports: it is one. What returned nothing is none. */
function refundsOf(parts: readonly CellsOfPart[], onFault: (row: number, ...rest: Parameters<OnFault>) => void): CellsOfPart[] {
  const found = new Map<string, CellsOfPart>();
  for (const part of parts) {
    const { refund_id, refund_amount = '0', refunded_at } = part.cells;
    if (/^[0.,]+$/.test(refund_amount)) continue;
    const earlier = refund_id === undefined ? undefined : found.get(refund_id);
    if (refund_id === undefined) onFault(part.row, 'refund_id', 'missing', 'A refund needs an id, so that it counts once.');
    else if (!earlier) found.set(refund_id, part);
    else if (earlier.cells.refund_amount !== refund_amount || earlier.cells.refunded_at !== refunded_at)
      onFault(part.row, 'refund_amount', 'rows_disagree', `Row ${earlier.row} says something else of the refund ${refund_id}.`);
  }
  return [...found.values()];
}

function assemble(
  fields: readonly Field[],
  cells: Cells,
  profile: Profile,
  onFault: (field: Field, code: string, detail: string) => void,
) {
  const made: Record<string, unknown> = {};
  for (const field of fields) {
    const text = cells[field];
    if (text === undefined) continue;
    const [first, second] = placeOf(field).at.split('/') as [string, string?];
    try {
      const value = readValue(field, text, profile);
      if (second === undefined) made[first] = value;
      else made[first] = { ...(made[first] as object), [second]: value };
    } catch (error) {
      if (!(error instanceof RefusedText)) throw error;
      onFault(field, error.code, error.message);
    }
  }
  return made;
}

function readValue(field: Field, text: string, profile: Profile): unknown {
  const { kind } = placeOf(field);
  if (kind === 'amount') return readDecimal(text, profile);
  if (kind === 'number') return Number(readDecimal(text, profile));
  if (kind === 'time') return readTime(text, profile);
  if (kind === 'status') return readStatus(text, profile);
  if (kind === 'yes_no') return readYesNo(text);
  return text;
}

function readStatus(text: string, { statuses }: Profile): string {
  const status = Object.hasOwn(statuses, text) ? statuses[text] : ORDER_INPUT_STATUSES.find((one) => one === text.toLowerCase());
  if (status) return status;
  throw new RefusedText(
    'unknown_status',
    `${JSON.stringify(text)} is not known: say under "statuses" in the profile which it is of ${ORDER_INPUT_STATUSES.join(', ')}.`,
  );
}

function readYesNo(text: string): boolean {
  const word = text.toLowerCase();
  if (YES.has(word) || NO.has(word)) return YES.has(word);
  throw new RefusedText('invalid_order', `${JSON.stringify(text)} is neither true nor false.`);
}

/** What is paid at a till is paid when it is sold; what does not say when it changed did so at the newest time that it names. */
function withTimes(order: Record<string, unknown>, refunds: readonly Part[]): Record<string, unknown> {
  const { created_at, paid_at = PAID.has(String(order['status'])) ? created_at : undefined } = order;
  const named = [
    ...TIMES.map((field) => (field === 'paid_at' ? paid_at : order[field])),
    ...refunds.map(({ value }) => value['at']),
  ];
  const newest = named
    .filter((time): time is string => typeof time === 'string')
    .reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a), String(created_at));
  return { updated_at: newest, ...order, ...(paid_at !== undefined && { paid_at }) };
}

/** Where the profile's columns stand; the names of those that the header lacks, or has twice. */
export function layoutOf(
  header: readonly string[],
  { columns }: Profile,
): { layout: Layout; missing: string[]; doubled: string[] } {
  const named = FIELD_NAMES.flatMap((field) => (columns[field] === undefined ? [] : [[field, columns[field]] as const]));
  const isIn = (name: string) => header.includes(name);
  return {
    layout: new Map(named.filter(([, name]) => isIn(name)).map(([field, name]) => [field, header.indexOf(name)])),
    missing: named.flatMap(([, name]) => (isIn(name) ? [] : [name])),
    doubled: named.flatMap(([, name]) => (header.indexOf(name) === header.lastIndexOf(name) ? [] : [name])),
  };
}
