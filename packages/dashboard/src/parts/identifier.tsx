import type { Identifier } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';

/** Enough of an id to tell it from its neighbours. */
export const shortOf = (id: string): string => `…${id.slice(-6)}`;

/** An id's end, with all of it as the title. */
export function ShortId({ id }: { id: string }) {
  return (
    <code class="short" title={id}>
      {shortOf(id)}
    </code>
  );
}

/** What says who somebody is. Of a hash only the end is shown: it can be compared, and nothing more. */
export function IdentifierBadge({ identifier: { type, value } }: { identifier: Identifier }) {
  const { t } = useTexts();
  return (
    <span class="badge identifier">
      <b>{t(`identifier_${type}`)}</b> <code>{type === 'email' || type === 'phone' ? shortOf(value) : value}</code>
    </span>
  );
}
