import type { IdentityConflict } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { IdentifierBadge, ShortId } from './identifier.tsx';

/** Identifiers that an event showed together and that were not joined, each with the rule that it would have broken. */
export function Conflicts({ conflicts }: { conflicts: readonly IdentityConflict[] }) {
  const { t } = useTexts();
  return (
    <section class="panel">
      <h2>{t('conflicts_title')}</h2>
      <p class="dim">{t('conflicts_intro')}</p>
      <ul class="evidence">
        {conflicts.map((conflict, index) => (
          <Conflict key={index} conflict={conflict} />
        ))}
      </ul>
    </section>
  );
}

function Conflict({ conflict }: { conflict: IdentityConflict }) {
  const { t, time } = useTexts();
  const { event_id, occurred_at, kept, demoted, reason, limit_of } = conflict;
  return (
    <li>
      <p>{t(`conflict_${reason}`, { type: t(`identifier_${limit_of ?? demoted.type}`) })}</p>
      <dl class="facts">
        <dt>{t('kept')}</dt>
        <dd>
          <IdentifierBadge identifier={kept} />
        </dd>
        <dt>{t('demoted')}</dt>
        <dd>
          <IdentifierBadge identifier={demoted} />
        </dd>
        <dt>{t('col_event')}</dt>
        <dd>
          <time dateTime={new Date(occurred_at).toISOString()}>{time(occurred_at)}</time> · <ShortId id={event_id} />
        </dd>
      </dl>
    </li>
  );
}
