import type { DeliveryVerdict, SourceConnection } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { sourcePath } from '../route.ts';
import { fill } from '../texts.ts';
import { HealthBadge, healthOf } from './health.tsx';
import { nameOf, useAgo, useSourceWords } from './texts.ts';

/** Every connection, with how it does. */
export function Connections({ connections }: { connections: readonly SourceConnection[] }) {
  const words = useSourceWords();
  return (
    <section class="panel scroll" aria-label={words.title} tabIndex={0}>
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">{words.col_source}</th>
            <th scope="col">{words.col_health}</th>
            <th scope="col">{words.col_last}</th>
            <th scope="col">{words.col_day}</th>
          </tr>
        </thead>
        <tbody>
          {connections.map((connection) => (
            <Row key={`${connection.site}/${connection.source}`} connection={connection} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ connection }: { connection: SourceConnection }) {
  const words = useSourceWords();
  const ago = useAgo();
  const { site, source, account, last_delivery_at } = connection;
  return (
    <tr>
      <th scope="row" data-label={words.col_source}>
        <a href={sourcePath(source, site)}>{nameOf(words, source)}</a>{' '}
        <span class="dim">
          {fill(words.site, { site })}
          {account !== site && ` · ${account}`}
        </span>
      </th>
      <td data-label={words.col_health}>
        <HealthBadge health={healthOf(connection, Date.now())} />
      </td>
      <td data-label={words.col_last}>{last_delivery_at === null ? words.never : ago(last_delivery_at)}</td>
      <td data-label={words.col_day}>
        <Day counts={connection.deliveries_24h} />
      </td>
    </tr>
  );
}

const VERDICTS = ['accepted', 'duplicate', 'ignored', 'rejected'] as const satisfies readonly DeliveryVerdict[];

function Day({ counts }: { counts: SourceConnection['deliveries_24h'] }) {
  const words = useSourceWords();
  const { number } = useTexts();
  const shown = VERDICTS.filter((verdict) => counts[verdict] > 0);
  if (shown.length === 0) return <span class="dim">{words.nothing_today}</span>;
  return (
    <>
      {shown.map((verdict, index) => (
        <span key={verdict} class={verdict === 'rejected' ? 'refused' : ''}>
          {index > 0 && ' · '}
          {number(counts[verdict])} {words.verdicts[verdict]}
        </span>
      ))}
    </>
  );
}
