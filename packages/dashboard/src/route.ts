import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { page: 'live' }
  | { page: 'orders' }
  | { page: 'journey'; id: string }
  | { page: 'person'; id: string }
  | { page: 'sources'; chosen?: { source: string; site: string } }
  | { page: 'destinations'; chosen?: { destination: string; site: string } };

export const ORDERS_PATH = '/dashboard/orders';
export const journeyPath = (order_key: string): string => `${ORDERS_PATH}/${encodeURIComponent(order_key)}`;
export const SOURCES_PATH = '/dashboard/sources';
export const sourcePath = (source: string, site: string): string => `${SOURCES_PATH}/${source}/${site}`;
export const DESTINATIONS_PATH = '/dashboard/destinations';
export const destinationPath = (destination: string, site: string): string => `${DESTINATIONS_PATH}/${destination}/${site}`;
export const personPath = (person_id: string): string => `/dashboard/persons/${encodeURIComponent(person_id)}`;

function readRoute(): Route {
  const [, , section, id, more] = location.pathname.split('/');
  if (section === 'orders' && id) return { page: 'journey', id: decodeURIComponent(id) };
  if (section === 'persons' && id) return { page: 'person', id: decodeURIComponent(id) };
  if (section === 'sources') return { page: 'sources', ...(id && more && { chosen: { source: id, site: more } }) };
  if (section === 'destinations') return { page: 'destinations', ...(id && more && { chosen: { destination: id, site: more } }) };
  return section === 'orders' ? { page: 'orders' } : { page: 'live' };
}

let hasArrived = false;

/** Whether a link of the dashboard led to the page that is drawn now; true once. */
export function takeArrival(): boolean {
  const arrived = hasArrived;
  hasArrived = false;
  return arrived;
}

/** The page that the address names; links inside the dashboard change it without a reload. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const update = (): void => setRoute(readRoute());
    const onClick = (event: MouseEvent): void => {
      const link = (event.target as Element | null)?.closest?.('a');
      if (!link?.pathname.startsWith('/dashboard') || link.origin !== location.origin) return;
      if (
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey ||
        event.altKey ||
        link.hash
      )
        return;
      event.preventDefault();
      history.pushState(null, '', link.href);
      hasArrived = true;
      update();
      scrollTo(0, 0);
    };
    addEventListener('popstate', update);
    document.addEventListener('click', onClick);
    return () => {
      removeEventListener('popstate', update);
      document.removeEventListener('click', onClick);
    };
  }, []);
  return route;
}
