import type { Background } from '../background/background.ts';
import type { Config } from '../config.ts';
import type { Certificates } from '../connections/certificates.ts';
import type { DeliveryRecorder } from '../deliveries/recorder.ts';
import type { Admission } from '../health/admission.ts';
import type { Disk } from '../health/disk.ts';
import type { Health } from '../health/health.ts';
import type { CommitQueue } from '../ingest/commit-queue.ts';
import type { LetterBudget } from '../ingest/letter-budget.ts';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Vault } from '../privacy/vault.ts';
import type { Source } from '../sources/contract.ts';
import type { Auth } from './auth.ts';
import type { ClientAddress } from './client-address.ts';
import type { NamedCalls } from './named-calls.ts';
import type { Rates } from './rates.ts';

/** What the routes are given: everything that they don't make themselves. */
export interface HttpDeps {
  config: Config;
  /** Everything of the store but the log, and the relay. */
  background: Background;
  commits: CommitQueue;
  calls: NamedCalls;
  letters: LetterBudget;
  /** Told of what became of each delivery of a source. */
  deliveries: DeliveryRecorder;
  health: Health;
  admission: Admission;
  disk: Pick<Disk, 'free'>;
  sources: Readonly<Record<string, Source>>;
  certificates: Certificates;
  vault: Vault;
  auth: Auth;
  addressOf: ClientAddress;
  rates: Rates;
  limits: Limits;
  metrics: Metrics;
  /** UTC ms. */
  now(): number;
  randomBytes(count: number): Uint8Array;
  /** Bundles and pages by path, read once at start (A12). */
  assets: ReadonlyMap<string, Asset>;
  onError(error: unknown, request_id: string): void;
  /** Told of each request that was answered, where requests are logged. */
  onRequest?: ((record: RequestRecord) => void) | undefined;
}

/** What is said of a request that was answered. */
export interface RequestRecord {
  request_id: string;
  method: string;
  /** The route's name, never the path. */
  route: string;
  status: number;
  duration_ms: number;
  /** /24 or /64. */
  network: string;
}

export interface Asset {
  type: string;
  body: Buffer;
  etag: string;
  /** How long browsers may keep it, in seconds. */
  max_age: number;
}
