import type {
  DestinationDetail,
  DestinationReconciliation,
  DestinationReplay,
  DestinationSummary,
  Destinations,
  DestinationVerification,
  Journey,
  LiveEvent,
  OrderSummary,
  Person,
  ProblemBody,
  SourceConnections,
  SourceDeliveries,
  SourceDelivery,
  Status,
} from '@orderloop/protocol';

/** What the collector answered instead, with its problem's code. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as ProblemBody | null;
    throw new ApiError(response.status, problem?.code ?? 'internal_error');
  }
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  call<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export const readStatus = (): Promise<Status> => call('/v1/status');
export const readEvents = async (): Promise<LiveEvent[]> => (await call<{ events: LiveEvent[] }>('/v1/events?limit=100')).events;
export const readOrders = async (): Promise<OrderSummary[]> =>
  (await call<{ orders: OrderSummary[] }>('/v1/orders?limit=200')).orders;
export const readJourney = (id: string): Promise<Journey> => call(`/v1/orders/${encodeURIComponent(id)}/journey`);
export const readPerson = (id: string): Promise<Person> => call(`/v1/persons/${encodeURIComponent(id)}`);
export const readSources = (): Promise<SourceConnections> => call('/v1/sources');
export const readDeliveries = async (source: string, site: string): Promise<SourceDelivery[]> =>
  (await call<SourceDeliveries>(`/v1/sources/${source}/${site}/deliveries?limit=50`)).deliveries;
export const signIn = (token: string): Promise<void> => post('/v1/dashboard/session', { token });
export const signOut = (): Promise<void> => post('/v1/dashboard/session/end');
const destinationApi = (site: string, destination: string): string =>
  `/v1/destinations/${encodeURIComponent(site)}/${encodeURIComponent(destination)}`;
export const readDestinations = async (): Promise<DestinationSummary[]> =>
  (await call<Destinations>('/v1/destinations')).destinations;
export const readDestination = (site: string, destination: string): Promise<DestinationDetail> =>
  call(destinationApi(site, destination));
export const readReconciliation = (site: string, destination: string): Promise<DestinationReconciliation> =>
  call(`${destinationApi(site, destination)}/reconciliation`);
export const verifyDestination = (
  site: string,
  destination: string,
  settings: Record<string, string>,
): Promise<DestinationVerification> => post(`${destinationApi(site, destination)}/verify`, { settings });
export const replayDestination = (site: string, destination: string, dry_run: boolean): Promise<DestinationReplay> =>
  post(`${destinationApi(site, destination)}/replay`, { dry_run });
export const resumeDestination = (site: string, destination: string): Promise<void> =>
  post(`${destinationApi(site, destination)}/resume`);
