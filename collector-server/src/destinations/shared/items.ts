import type { Conversion, ConversionItem } from '@orderloop/protocol';

type Order = NonNullable<Conversion['order']>;

/** The order's items that have an id, which every platform finds them by. */
export const itemsOf = (order: Order | undefined): (ConversionItem & { id: string })[] =>
  (order?.items ?? []).filter((item): item is ConversionItem & { id: string } => Boolean(item.id));

export const countOf = (items: readonly ConversionItem[]): number =>
  items.reduce((sum, { quantity }) => sum + (quantity ?? 1), 0);
