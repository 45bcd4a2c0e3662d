import { firstFault, ORDER_INPUT_STATUSES } from '@orderloop/protocol';
import { Temporal } from 'temporal-polyfill';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { FIELD_NAMES, type Field } from './fields.ts';
import { isTimeFormat } from './times.ts';

const REQUIRED = ['order_id', 'status', 'currency', 'total', 'created_at'] as const;
/** What comes to nothing without the other. */
const NEEDS = { sku: 'quantity', unit_price: 'quantity', refund_amount: 'refund_id', refunded_at: 'refund_id' } as const;

const byField = <T extends Type.TSchema>(schema: T) =>
  Type.Object(
    Object.fromEntries(FIELD_NAMES.map((field) => [field, Type.Optional(schema)])) as Record<Field, Type.TOptional<T>>,
    {
      additionalProperties: false,
    },
  );

const ProfileSchema = Type.Object(
  {
    source: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }),
    encoding: Type.String(),
    delimiter: Type.String({ minLength: 1, maxLength: 1 }),
    decimal_mark: Type.Union([Type.Literal('.'), Type.Literal(',')]),
    thousands_mark: Type.Union([
      Type.Literal(''),
      Type.Literal('.'),
      Type.Literal(','),
      Type.Literal(' '),
      Type.Literal("'"),
      Type.Literal('’'),
    ]),
    time_zone: Type.Optional(Type.String()),
    time_format: Type.String({ maxLength: 64 }),
    overlap: Type.Union([Type.Literal('earlier'), Type.Literal('later'), Type.Literal('reject')]),
    columns: byField(Type.String({ minLength: 1, maxLength: 256 })),
    fixed: byField(Type.String({ minLength: 1, maxLength: 4096 })),
    statuses: Type.Record(Type.String(), Type.Enum([...ORDER_INPUT_STATUSES])),
  },
  { additionalProperties: false },
);
/** How one kind of file says orders. Nothing of it is guessed from data. */
export type Profile = Static<typeof ProfileSchema>;

/** Why a profile can't be used, and where: an RFC 6901 pointer. */
export class UnusableProfile extends Error {
  readonly pointer: string;
  constructor(pointer: string, detail: string) {
    super(detail);
    this.pointer = pointer;
  }
}

export const DEFAULTS = {
  source: 'pos',
  encoding: 'utf-8',
  delimiter: ',',
  decimal_mark: '.',
  thousands_mark: '',
  time_format: 'iso',
  overlap: 'reject',
  columns: {},
  fixed: {},
  statuses: {},
} as const;
const validator = Compile(ProfileSchema);

/** Reads a profile from its JSON, with its defaults put in. Throws UnusableProfile. */
export function readProfile(json: object): Profile {
  const profile: unknown = { ...DEFAULTS, ...json };
  if (!validator.Check(profile)) {
    const { pointer, detail } = firstFault(validator.Errors(profile));
    throw new UnusableProfile(pointer, detail);
  }
  const { columns, fixed, encoding, time_zone, time_format, decimal_mark, thousands_mark, delimiter } = profile;
  const isSaid = (field: Field) => columns[field] !== undefined || fixed[field] !== undefined;
  for (const field of REQUIRED)
    if (!isSaid(field)) throw new UnusableProfile(`/columns/${field}`, 'Name the column that holds it, or say it under "fixed".');
  for (const [field, needed] of Object.entries(NEEDS) as [Field, Field][])
    if (columns[field] !== undefined && !isSaid(needed))
      throw new UnusableProfile(
        `/columns/${needed}`,
        `A file with ${field} needs ${needed} too: a column, or a text under "fixed".`,
      );
  for (const field of FIELD_NAMES)
    if (columns[field] !== undefined && fixed[field] !== undefined)
      throw new UnusableProfile(`/fixed/${field}`, 'This has a column already.');
  if (fixed.order_id !== undefined) throw new UnusableProfile('/fixed/order_id', 'Orders have ids of their own.');
  if (thousands_mark === decimal_mark) throw new UnusableProfile('/thousands_mark', 'This is the decimal mark.');
  if (/["\r\n]/.test(delimiter)) throw new UnusableProfile('/delimiter', 'A quote or an end of line can’t part cells.');
  if (!isTimeFormat(time_format))
    throw new UnusableProfile('/time_format', 'Expected "iso", or a format such as "dd.MM.yyyy HH:mm" or "M/d/yyyy h:mm a".');
  attempt('/encoding', 'This is no encoding that is known, such as utf-8 or windows-1252.', () => new TextDecoder(encoding));
  if (time_zone !== undefined)
    attempt('/time_zone', 'This is no IANA time zone, such as Europe/Berlin.', () =>
      Temporal.PlainDateTime.from('2026-01-01').toZonedDateTime(time_zone),
    );
  return profile;
}

/**
 * What a file is read by that comes without a profile: commas, UTF-8, columns that have the fields' own names, and times with
 * their offset. Throws UnusableProfile.
 */
export function ownNamesProfile(header: readonly string[]): Profile {
  const named = FIELD_NAMES.filter((field) => header.includes(field));
  return readProfile({ columns: Object.fromEntries(named.map((field) => [field, field])) });
}

function attempt(pointer: string, detail: string, call: () => unknown): void {
  try {
    call();
  } catch {
    throw new UnusableProfile(pointer, detail);
  }
}
