import { createSecureContext, DEFAULT_CIPHERS, type TlsOptions } from 'node:tls';
import { ConfigError } from '../config/diagnostics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { createMutex } from '../model/mutex.ts';
import { type BasicAuth, createBasicAuth } from './auth.ts';
import type { ComparePassword } from './login-queue.ts';
import { parseWebConfig, type RateLimit, type TlsConfig, type WebConfig } from './web-config.ts';

/** A web configuration in force: its files read, its users and its rate limit ready to be checked against. */
export interface WebSettings {
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no basic authentication. */
  readonly basicAuth: BasicAuth | undefined;
  /** Absent: no limit. */
  readonly rateLimit: ((nowMs: number) => boolean) | undefined;
  readonly tls: { readonly config: TlsConfig; readonly options: TlsOptions } | undefined;
}

/** The settings in force; they change when the file or a certificate changes. */
export interface LiveSettings {
  readonly current: () => WebSettings;
  /**
   * Reads the files again. A change is put in force and reported to `onChange`; a broken file changes nothing and is
   * logged, once as long as it stays the same.
   */
  readonly refresh: () => Promise<void>;
}

export interface LiveSettingsOptions {
  readonly web: { readonly config: WebConfig; readonly file: string } | undefined;
  readonly readFile: ReadFile;
  readonly compare: ComparePassword;
  readonly log: Log;
  onChange(settings: WebSettings): void;
}

/** Reads a file as text. */
type ReadFile = (file: string) => Promise<string>;

/** Settings from a parsed configuration and, later, from its file; rejects when a certificate cannot be used. */
export async function createLiveSettings(options: LiveSettingsOptions): Promise<LiveSettings> {
  const { web, readFile, compare, log } = options;
  const runExclusive = createMutex();
  let config = web?.config;
  let settings = await createSettings(config, undefined, { readFile, compare });
  let reported: string | undefined;

  const refresh = async (file: string) => {
    const text = await readFile(file);
    const nextConfig = parseWebConfig(text, file);
    const next = await createSettings(nextConfig, { config, settings }, { readFile, compare });
    assertNoRestart(settings, next);
    if (fingerprint(config, settings) === fingerprint(nextConfig, next)) return;
    // Most likely it is just being written, and must not let everybody in meanwhile.
    if (text.trim() === '') throw new Error(`${file}: has become empty; restore it, or restart to run without it`);
    config = nextConfig;
    settings = next;
    options.onChange(settings);
    log.info('web configuration changed', { file });
  };

  return {
    current: () => settings,
    refresh: async () => {
      if (web === undefined) return;
      // Of two that overlap the one that read the older text could come last.
      await runExclusive(async () => {
        try {
          await refresh(web.file);
          reported = undefined;
        } catch (error) {
          const message = messageOf(error);
          if (message !== reported) log.error('web configuration not reloaded, the old one stays', { error: message });
          reported = message;
        }
      });
    },
  };
}

/** Cached passwords and the bucket of the rate limit survive a change of something else. */
async function createSettings(
  { tls, headers = {}, users = new Map(), rateLimit }: Partial<WebConfig> = {},
  before: { readonly config: WebConfig | undefined; readonly settings: WebSettings } | undefined,
  { readFile, compare }: Pick<LiveSettingsOptions, 'readFile' | 'compare'>,
): Promise<WebSettings> {
  const hasSameUsers = JSON.stringify([...users]) === JSON.stringify([...(before?.config?.users ?? [])]);
  const hasSameLimit = JSON.stringify(rateLimit) === JSON.stringify(before?.config?.rateLimit);
  const basicAuth = users.size > 0 ? createBasicAuth(users, compare) : undefined;
  return {
    headers,
    basicAuth: hasSameUsers && before ? before.settings.basicAuth : basicAuth,
    rateLimit: hasSameLimit && before ? before.settings.rateLimit : rateLimit && createRateLimiter(rateLimit),
    tls: tls && { config: tls, options: await loadTlsOptions(tls, readFile) },
  };
}

/** A listening server can change its certificates, but not whether it speaks TLS or asks clients for theirs. */
function assertNoRestart(before: WebSettings, after: WebSettings): void {
  if ((before.tls === undefined) !== (after.tls === undefined)) {
    throw new Error('switching TLS on or off needs a restart');
  }
  if (before.tls?.config.client_auth_type !== after.tls?.config.client_auth_type) {
    throw new Error('a change of tls_server_config.client_auth_type needs a restart');
  }
}

function fingerprint(config: WebConfig | undefined, settings: WebSettings): string {
  return JSON.stringify([config, [...(config?.users ?? [])], settings.tls?.options]);
}

/** A token bucket: returns whether a request at this time (milliseconds that never go back) may pass. */
export function createRateLimiter({ intervalMs, burst }: RateLimit): (nowMs: number) => boolean {
  let tokens = burst;
  let filledAtMs: number | undefined;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + (nowMs - (filledAtMs ?? nowMs)) / intervalMs);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/**
 * Reads the certificates and returns the options of a TLS server. Throws ConfigError when a file
 * cannot be read or OpenSSL refuses them; the message contains nothing of a file.
 */
export async function loadTlsOptions(tls: TlsConfig, readFile: ReadFile): Promise<TlsOptions> {
  const options: TlsOptions = {
    cert: await readPem(tls, 'cert', readFile),
    key: await readPem(tls, 'key', readFile),
    ca: await readPem(tls, 'client_ca', readFile),
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
    honorCipherOrder: tls.prefer_server_cipher_suites,
    ...cipherOptions(tls),
    ...(tls.curve_preferences.length > 0 && { ecdhCurve: tls.curve_preferences.join(':') }),
    requestCert: tls.client_auth_type !== 'NoClientCert',
    rejectUnauthorized: tls.client_auth_type === 'RequireAndVerifyClientCert',
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new ConfigError([`tls_server_config: OpenSSL rejects it: ${messageOf(error)}`]);
  }
  return options;
}

/** PEM text, from the section or from the file that it names. */
async function readPem(
  tls: TlsConfig,
  key: 'cert' | 'key' | 'client_ca',
  readFile: ReadFile,
): Promise<string | undefined> {
  const file = tls[`${key}_file`];
  if (file === undefined) return tls[key];
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigError([`tls_server_config.${key}_file: cannot read the file: ${messageOf(error)}`]);
  }
}

function cipherOptions({ cipher_suites: cipherSuites, min_version: minVersion }: TlsConfig): TlsOptions {
  // OpenSSL allows TLS 1.0 and 1.1 at security level 0 only.
  const level = minVersion === 'TLSv1' || minVersion === 'TLSv1.1' ? '@SECLEVEL=0' : '';
  if (cipherSuites === undefined && level === '') return {};
  return { ciphers: `${(cipherSuites ?? [DEFAULT_CIPHERS]).join(':')}${level}` };
}
