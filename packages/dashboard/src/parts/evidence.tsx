import type { Journey, Link } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';

/** Every session that was looked at for this order, with the key that named it. */
export function Evidence({ journey }: { journey: Journey }) {
  const { t } = useTexts();
  return (
    <section class="panel">
      <h2>{t('evidence_title')}</h2>
      <p class="dim">{t('evidence_intro')}</p>
      {!journey.link && <p>{t(`unlinked_${journey.unlinked_reason ?? 'no_session_with_key'}`)}</p>}
      {journey.candidates.length > 0 && (
        <ul class="evidence">
          {journey.candidates.map((link) => (
            <EvidenceRow key={`${link.key}${link.session_id}`} link={link} />
          ))}
        </ul>
      )}
    </section>
  );
}

function EvidenceRow({ link }: { link: Link }) {
  const { t, time } = useTexts();
  return (
    <li class={link.chosen ? 'chosen' : ''}>
      <p>
        <span class="rank" title={t('col_rank')}>
          {link.rank}
        </span>
        <strong>{t(`key_${link.key}`)}</strong> {link.by_person && <span class="dim">{t('by_person')}</span>}{' '}
        <span class={`badge ${link.chosen ? 'good' : ''}`}>
          {link.chosen ? t('chosen') : t(link.rejected_because ?? 'weaker_key')}
        </span>
      </p>
      <dl class="facts">
        <dt>{t('col_session')}</dt>
        <dd>
          <code title={link.session_id}>…{link.session_id.slice(-12)}</code>
        </dd>
        <dt>{t('col_shown')}</dt>
        <dd>{time(link.matched_at)}</dd>
        <dt>{t('col_events')}</dt>
        <dd>
          {t('browser_event')} <code title={link.session_event_id}>…{link.session_event_id.slice(-8)}</code>, {t('order_event')}{' '}
          <code title={link.order_event_id}>…{link.order_event_id.slice(-8)}</code>
        </dd>
      </dl>
    </li>
  );
}
