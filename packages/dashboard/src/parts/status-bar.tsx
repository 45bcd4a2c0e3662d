import type { Status } from '@orderloop/protocol';
import { resumeDestination } from '../api.ts';
import { useTexts } from '../i18n.ts';

export function StatusBar({ status, onResumed }: { status: Status; onResumed: () => void }) {
  const { t, number } = useTexts();
  const { outbox } = status;
  const waiting = outbox.waiting + outbox.sending + outbox.paused;
  const linked = status.orders_total === 0 ? 0 : Math.round((100 * status.orders_linked) / status.orders_total);
  return (
    <>
      <dl class="stats">
        <Stat
          label={t('stat_events')}
          value={number(status.events_total)}
          note={`${number(status.events_last_minute)} ${t('stat_per_minute')}`}
        />
        <Stat label={t('stat_orders')} value={number(status.orders_total)} note={`${number(linked)} % ${t('stat_linked')}`} />
        <Stat
          label={t('stat_delivered')}
          value={number(outbox.delivered)}
          note={`${number(waiting)} ${t('stat_waiting')}`}
          tone={waiting > 0 ? 'warn' : 'good'}
        />
        <Stat
          label={t('stat_dead')}
          value={number(outbox.dead)}
          note={`${number(status.dead_letters)} ${t('stat_refused')}`}
          tone={outbox.dead > 0 ? 'bad' : undefined}
        />
      </dl>
      {status.destinations
        .filter(({ state }) => state === 'paused')
        .map(({ site, destination, reason }) => (
          <div class="notice bad row" role="alert" key={`${site}/${destination}`}>
            <span>
              <strong>{t('paused_title', { destination })}</strong> {reason}
            </span>
            <button type="button" onClick={() => void resumeDestination(site, destination).then(onResumed)}>
              {t('resume')}
            </button>
          </div>
        ))}
    </>
  );
}

function Stat({ label, value, note, tone }: { label: string; value: string; note: string; tone?: 'good' | 'warn' | 'bad' }) {
  return (
    <div class={`stat ${tone ?? ''}`}>
      <dt>{label}</dt>
      <dd>
        <strong>{value}</strong>
        <span>{note}</span>
      </dd>
    </div>
  );
}
