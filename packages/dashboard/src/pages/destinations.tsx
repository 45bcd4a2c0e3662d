import { readDestinations } from '../api.ts';
import { BackLink, DestinationDetail } from '../destinations/detail.tsx';
import { DestinationList } from '../destinations/list.tsx';
import { DestinationWordsContext, useDestinationWords } from '../destinations/words.ts';
import { useTexts } from '../i18n.ts';
import { Heading } from '../parts/heading.tsx';
import { usePolling } from '../use-polling.ts';
import type { DestinationWords } from '../words/destinations.en.ts';

const EVERY_MS = 3_000;

interface Chosen {
  destination: string;
  site: string;
}

/** Where conversions go: all destinations, or the one that is chosen. */
export function DestinationsPage({ words, chosen }: { words: DestinationWords; chosen: Chosen | undefined }) {
  return (
    <DestinationWordsContext.Provider value={words}>
      <Destinations chosen={chosen} />
    </DestinationWordsContext.Provider>
  );
}

function Destinations({ chosen }: { chosen: Chosen | undefined }) {
  const words = useDestinationWords();
  const { t } = useTexts();
  const { data, reload } = usePolling(readDestinations, EVERY_MS);
  const found = chosen && data?.find(({ destination, site }) => destination === chosen.destination && site === chosen.site);
  if (found) return <DestinationDetail key={`${found.site}/${found.destination}`} destination={found} onChange={reload} />;
  return (
    <section>
      {chosen && <BackLink />}
      <Heading>{words.title}</Heading>
      <p class="dim">{words.intro}</p>
      {!data && <p class="dim">{t('loading')}</p>}
      {chosen && data && <p class="notice warn">{words.missing}</p>}
      {!chosen && data?.length === 0 && <p class="panel empty">{words.empty}</p>}
      {!chosen && data && data.length > 0 && <DestinationList destinations={data} />}
    </section>
  );
}
