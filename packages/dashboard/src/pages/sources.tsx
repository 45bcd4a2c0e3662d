import { readSources } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { Heading } from '../parts/heading.tsx';
import { BackLink, Connection } from '../sources/connection.tsx';
import { Connections } from '../sources/connections.tsx';
import { SourceWordsContext, useSourceWords } from '../sources/texts.ts';
import { usePolling } from '../use-polling.ts';
import type { SourceWords } from '../words/sources.en.ts';

const EVERY_MS = 2_000;

/** Where orders come from: all connections, or the one that is chosen. */
export function SourcesPage({ words, chosen }: { words: SourceWords; chosen: { source: string; site: string } | undefined }) {
  return (
    <SourceWordsContext.Provider value={words}>
      <Sources chosen={chosen} />
    </SourceWordsContext.Provider>
  );
}

function Sources({ chosen }: { chosen: { source: string; site: string } | undefined }) {
  const words = useSourceWords();
  const { t } = useTexts();
  const { data } = usePolling(readSources, EVERY_MS);
  const connection = chosen && data?.connections.find(({ source, site }) => source === chosen.source && site === chosen.site);
  if (connection)
    return (
      <Connection key={`${connection.source}/${connection.site}`} connection={connection} publicUrl={data?.public_url ?? null} />
    );
  return (
    <section>
      {chosen && <BackLink />}
      <Heading>{words.title}</Heading>
      <p class="dim">{words.intro}</p>
      {!data && <p class="dim">{t('loading')}</p>}
      {chosen && data && <p class="notice warn">{words.missing}</p>}
      {!chosen && data?.connections.length === 0 && <p class="panel empty">{words.empty}</p>}
      {!chosen && data && data.connections.length > 0 && <Connections connections={data.connections} />}
    </section>
  );
}
