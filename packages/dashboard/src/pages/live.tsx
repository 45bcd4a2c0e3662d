import type { LiveEvent } from '@orderloop/protocol';
import { useState } from 'preact/hooks';
import { readEvents } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { Heading } from '../parts/heading.tsx';
import { usePolling } from '../use-polling.ts';

const EVERY_MS = 1_000;

export function LivePage() {
  const { t } = useTexts();
  const [paused, setPaused] = useState(false);
  const { data } = usePolling(readEvents, paused ? 0 : EVERY_MS);
  return (
    <section>
      <div class="row heading">
        <div>
          <Heading>{t('live_title')}</Heading>
          <p class="dim">{t('live_intro')}</p>
        </div>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? t('continue') : t('pause')}
        </button>
      </div>
      {!data && <p class="dim">{t('loading')}</p>}
      {data?.length === 0 && <p class="panel empty">{t('live_empty')}</p>}
      {data && data.length > 0 && <EventTable events={data} />}
    </section>
  );
}

function EventTable({ events }: { events: readonly LiveEvent[] }) {
  const { t, time } = useTexts();
  return (
    <section class="panel scroll" aria-label={t('live_title')} tabIndex={0}>
      <table class="live">
        <thead>
          <tr>
            <th scope="col">{t('col_time')}</th>
            <th scope="col">{t('col_event')}</th>
            <th scope="col">{t('col_page')}</th>
            <th scope="col">{t('col_campaign')}</th>
            <th scope="col">{t('col_visitor')}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.position}>
              <td class="nowrap">
                <time dateTime={new Date(event.occurred_at).toISOString()}>{time(event.occurred_at)}</time>
              </td>
              <td>
                <code class={`event ${event.event === 'order' || event.event === 'purchase' ? 'strong' : ''}`}>
                  {event.event}
                </code>
                {event.value && <span class="dim"> {event.value}</span>}
              </td>
              <td class="url">{pathOf(event.page_url)}</td>
              <td>
                {event.campaign?.source && <span class="badge">{event.campaign.source}</span>}
                {event.click_ids?.map((param) => (
                  <span class="badge good" key={param}>
                    {param}
                  </span>
                ))}
              </td>
              <td class="dim">
                {event.visitor_id ? (
                  <code title={event.visitor_id}>…{event.visitor_id.slice(-6)}</code>
                ) : event.action_source === 'web' && event.event !== 'order' ? (
                  t('no_visitor')
                ) : (
                  ''
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function pathOf(url: string | undefined): string {
  return url && URL.canParse(url) ? new URL(url).pathname : (url ?? '');
}
