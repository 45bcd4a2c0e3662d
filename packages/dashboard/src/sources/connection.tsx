import type { SourceConnection } from '@orderloop/protocol';
import { ApiError, readDeliveries } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { Heading } from '../parts/heading.tsx';
import { SOURCES_PATH } from '../route.ts';
import { fill } from '../texts.ts';
import { usePolling } from '../use-polling.ts';
import { Address } from './address.tsx';
import { DeliveryTable } from './delivery-table.tsx';
import { HealthBadge, healthOf } from './health.tsx';
import { TestDelivery } from './test-delivery.tsx';
import { guideOf, nameOf, secretsOf, useAgo, useSourceWords } from './texts.ts';

const EVERY_MS = 2_000;

/** One connection: how to connect it, what its next delivery brings, what came last, and what to do when nothing does. */
export function Connection({ connection, publicUrl }: { connection: SourceConnection; publicUrl: string | null }) {
  const words = useSourceWords();
  const { t } = useTexts();
  const { site, source, account, path } = connection;
  const { data, error } = usePolling(() => readDeliveries(source, site), EVERY_MS, `${source}/${site}`);
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <article class="source">
      <BackLink />
      <Heading>
        {nameOf(words, source)} <HealthBadge health={healthOf(connection, Date.now())} />
      </Heading>
      <p class="dim">
        {[fill(words.site, { site }), account !== site && fill(words.account, { account })].filter(Boolean).join(' · ')}
      </p>
      <Facts connection={connection} />
      {missing && <p class="notice warn">{words.missing}</p>}
      <div class="columns">
        <Connect connection={connection} url={(publicUrl ?? location.origin).replace(/\/$/, '') + path} />
        <TestDelivery source={source} deliveries={data} />
      </div>
      {data ? <DeliveryTable deliveries={data} /> : !missing && <p class="dim">{t('loading')}</p>}
      <Nothing source={source} />
    </article>
  );
}

export function BackLink() {
  const words = useSourceWords();
  return (
    <a class="back" href={SOURCES_PATH}>
      <span aria-hidden="true" class="arrow" /> {words.back}
    </a>
  );
}

function Facts({ connection }: { connection: SourceConnection }) {
  const words = useSourceWords();
  const ago = useAgo();
  const { poll } = connection;
  return (
    <>
      <p class="dim">{words.health_hint[healthOf(connection, Date.now())]}</p>
      {poll && (
        <p class="dim">{poll.polled_at === null ? words.poll_never : fill(words.poll_at, { ago: ago(poll.polled_at) })}</p>
      )}
      {poll?.error && (
        <p class="notice bad" role="alert">
          {fill(words.poll_error, { error: poll.error })}
        </p>
      )}
    </>
  );
}

function Connect({ connection, url }: { connection: SourceConnection; url: string }) {
  const words = useSourceWords();
  const isOwn = connection.source === 'generic';
  const guide = guideOf(words, connection.source);
  const secrets = secretsOf(words, connection);
  return (
    <section class="panel">
      <h2>{words.connect_title}</h2>
      <Address url={url} label={isOwn ? words.address_own : words.address} isOwn={isOwn} />
      <h3>{words.secret_title}</h3>
      <p>{guide.secret}</p>
      {secrets && <p class={secrets.isMissing ? 'notice warn' : 'dim'}>{secrets.text}</p>}
      <h3>{words.subscribe_title}</h3>
      <p>{guide.subscribe}</p>
    </section>
  );
}

function Nothing({ source }: { source: string }) {
  const words = useSourceWords();
  return (
    <section class="panel">
      <h2>{words.nothing_title}</h2>
      <ol class="checklist">
        {[...words.nothing_everywhere, ...guideOf(words, source).nothing].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </section>
  );
}
