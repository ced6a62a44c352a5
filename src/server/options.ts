import type { Log } from '../model/log.ts';
import type { ApiSource } from './api/source.ts';
import type { StatusView } from './status-page/view.ts';
import type { WebConfig } from './web-config.ts';

/** The two formats that Prometheus and its kin read. */
export type PageFormat = 'text' | 'openmetrics';

/** A rendered page of metrics, plain and as one gzip member; the buffers are never changed after they were handed out. */
export interface Exposition {
  readonly body: readonly Buffer[];
  readonly gzip: readonly Buffer[];
  /** Names this page; handed back when it was delivered. */
  readonly version: number;
}

/** Where pages come from. */
export interface PageSource {
  /** The newest page; undefined until the first one is whole. */
  read(format: PageFormat): Promise<Exposition | undefined> | Exposition | undefined;
  /** A GET got the whole page: its last byte was handed to the client's connection. */
  delivered(version: number): void;
}

/** Whether the data is there to be used. */
export interface Readiness {
  readonly ready: boolean;
  /** Why, one line per provider. */
  readonly lines: readonly string[];
}

/** What the server shows and asks for; it knows nothing of what stands behind. */
export interface ServerOptions {
  /** `host:port`, `:port` or `[IPv6]:port`; at least one. */
  readonly listenAddresses: readonly string[];
  readonly telemetryPath: string;
  /** Everything is served below it; without it, below the path of the external URL. */
  readonly routePrefix: string | undefined;
  readonly externalUrl: string | undefined;
  readonly enableLifecycle: boolean;
  /** What --web.config.file said, and the file itself, which is watched. */
  readonly web: { readonly config: WebConfig; readonly file: string } | undefined;
  /** How often the file and the certificates are looked at; 5 s unless given. */
  readonly watchEveryMs?: number | undefined;
  /** Asked on each request, so that a reload may change it. */
  readonly bearerToken: () => string | undefined;
  readonly log: Log;
  readonly page: PageSource;
  readonly healthy: () => { readonly ok: boolean; readonly reason?: string | undefined };
  readonly readiness: () => Readiness;
  readonly reload: () => Promise<{ readonly ok: boolean; readonly message: string }>;
  /** What the first page shows, for the window of that name; for the usual one when there is none of that name. */
  readonly status: (window: string | undefined) => Promise<StatusView>;
  /** What stands behind /api/v1. */
  readonly api: ApiSource;
}

/** A server that accepts connections. */
export interface RunningServer {
  /** The listening addresses as URLs of the status page, with the ports that were taken. */
  readonly urls: readonly string[];
  /** Looks at the web configuration now instead of at the next turn. */
  readonly checkWebConfig: () => Promise<void>;
  /** Stops accepting, lets running answers finish for up to 2 s, then ends what is left. */
  readonly close: () => Promise<void>;
}
