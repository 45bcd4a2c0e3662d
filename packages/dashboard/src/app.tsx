import { useEffect, useState } from 'preact/hooks';
import { ApiError, readStatus, signOut } from './api.ts';
import { DESTINATION_WORDS } from './destinations/words.ts';
import { LANGUAGE_NAMES, type Language, loadTexts, rememberLanguage, type Texts, TextsContext, useTexts } from './i18n.ts';
import { JourneyPage } from './pages/journey.tsx';
import { LivePage } from './pages/live.tsx';
import { OrdersPage } from './pages/orders.tsx';
import { PersonPage } from './pages/person.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { Loaded } from './parts/loaded.tsx';
import { StatusBar } from './parts/status-bar.tsx';
import { DESTINATIONS_PATH, ORDERS_PATH, type Route, SOURCES_PATH, useRoute } from './route.ts';
import { SOURCE_WORDS } from './sources/words.ts';
import { usePolling } from './use-polling.ts';

const STATUS_MS = 1_000;
// A page with many texts, which few open: it is fetched when somebody does, in one language.
const loadSources = (language: Language) => Promise.all([import('./pages/sources.tsx'), SOURCE_WORDS[language]()]);
const loadDestinations = (language: Language) => Promise.all([import('./pages/destinations.tsx'), DESTINATION_WORDS[language]()]);
const PAGE_TITLES = {
  live: 'nav_live',
  orders: 'nav_orders',
  journey: 'nav_orders',
  person: 'person',
  sources: 'nav_sources',
  destinations: 'nav_destinations',
} as const;

/** Begins in the language of `texts`. */
export function App({ texts: first }: { texts: Texts }) {
  const [texts, setTexts] = useState(first);
  const route = useRoute();
  const status = usePolling(readStatus, STATUS_MS);
  const { t, language } = texts;
  const mustSignIn = status.error instanceof ApiError && status.error.status === 401;

  useEffect(() => {
    document.documentElement.lang = language;
    // Right to left on request, to see that nothing depends on the side; none of the five languages needs it.
    document.documentElement.dir = new URLSearchParams(location.search).get('dir') === 'rtl' ? 'rtl' : 'ltr';
    document.title = `${t('product')}: ${t(PAGE_TITLES[route.page])}`;
  }, [language, route.page, t]);

  const chooseLanguage = (event: Event): void => {
    const chosen = (event.currentTarget as HTMLSelectElement).value as Language;
    rememberLanguage(chosen);
    // One that can't be fetched leaves the page as it is.
    loadTexts(chosen).then(setTexts, () => setTexts({ ...texts }));
  };

  return (
    <TextsContext.Provider value={texts}>
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <header class="top">
        <a class="brand" href="/dashboard">
          <LoopMark />
          {t('product')}
        </a>
        <nav aria-label={t('main_navigation')}>
          <NavLink href="/dashboard" current={route.page === 'live'}>
            {t('nav_live')}
          </NavLink>
          <NavLink href={ORDERS_PATH} current={route.page === 'orders' || route.page === 'journey' || route.page === 'person'}>
            {t('nav_orders')}
          </NavLink>
          <NavLink href={SOURCES_PATH} current={route.page === 'sources'}>
            {t('nav_sources')}
          </NavLink>
          <NavLink href={DESTINATIONS_PATH} current={route.page === 'destinations'}>
            {t('nav_destinations')}
          </NavLink>
        </nav>
        <div class="top-end">
          <select aria-label={t('language')} value={language} onChange={chooseLanguage}>
            {Object.entries(LANGUAGE_NAMES).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
          {!mustSignIn && status.data && !status.data.is_open && (
            <button type="button" class="quiet" onClick={() => void signOut().then(status.reload)}>
              {t('sign_out')}
            </button>
          )}
        </div>
      </header>
      {mustSignIn ? (
        <SignInPage onDone={status.reload} />
      ) : (
        <main id="content">
          <p class="notice warn" role="status" hidden={!status.error}>
            {status.error ? t('offline') : ''}
          </p>
          {status.data && <StatusBar status={status.data} onResumed={status.reload} />}
          <Page route={route} />
        </main>
      )}
    </TextsContext.Provider>
  );
}

function Page({ route }: { route: Route }) {
  const { t, language } = useTexts();
  if (route.page === 'journey') return <JourneyPage id={route.id} />;
  // One person's page is never another's with new data: what is shown, and the address, would be the former's until it comes.
  if (route.page === 'person') return <PersonPage key={route.id} id={route.id} />;
  if (route.page === 'sources')
    return (
      <Loaded key="sources" load={() => loadSources(language)} of={language} title={t('nav_sources')}>
        {([{ SourcesPage }, { words }]) => <SourcesPage words={words} chosen={route.chosen} />}
      </Loaded>
    );
  if (route.page === 'destinations')
    return (
      <Loaded key="destinations" load={() => loadDestinations(language)} of={language} title={t('nav_destinations')}>
        {([{ DestinationsPage }, { words }]) => <DestinationsPage words={words} chosen={route.chosen} />}
      </Loaded>
    );
  return route.page === 'orders' ? <OrdersPage /> : <LivePage />;
}

function NavLink({ href, current, children }: { href: string; current: boolean; children: string }) {
  return (
    <a href={href} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}

function LoopMark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <path d="M16 5a11 11 0 1 1-9.5 5.5" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round" />
      <circle cx="8" cy="8" r="3.6" class="mark-dot" />
    </svg>
  );
}
