import type { TlsOptions } from 'node:tls';
import type { Log } from '../model/log.ts';
import { type BasicAuth, createBasicAuth } from './basic-auth.ts';
import type { ComparePassword } from './bcrypt-thread.ts';
import { loadTlsOptions, type ReadFile } from './certificates.ts';
import { createRequestLimiter } from './rate-limit.ts';
import type { TlsConfig } from './tls-config.ts';
import { parseWebConfig, type WebConfig } from './web-config.ts';

/** What a web configuration amounts to, its files read. */
export interface WebSettings {
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no basic authentication. */
  readonly basicAuth: BasicAuth | undefined;
  /** Absent: no limit. */
  readonly mayPass: ((nowMs: number) => boolean) | undefined;
  readonly tls: { readonly config: TlsConfig; readonly options: TlsOptions } | undefined;
}

/** The settings in force; they change when the file or a certificate changes. */
export interface LiveSettings {
  readonly current: () => WebSettings;
  /**
   * Reads everything again. What differs is put in force and told to `onChange`; a broken file changes nothing and is
   * logged, once as long as it stays the same.
   */
  readonly refresh: () => Promise<void>;
}

/** Where settings come from and who is told when they change. */
export interface LiveSettingsOptions {
  readonly web: { readonly config: WebConfig; readonly file: string } | undefined;
  readonly readFile: ReadFile;
  /** Outlives changes of the settings. */
  readonly compare: ComparePassword;
  readonly log: Log;
  onChange(settings: WebSettings): void;
}

/** Settings from a checked configuration and, later, from the file it came from; rejects when a certificate is unusable. */
export async function createLiveSettings(options: LiveSettingsOptions): Promise<LiveSettings> {
  const { web, readFile, compare, log } = options;
  let config = web?.config;
  let settings = await build(config, undefined, { readFile, compare });
  let complaint: string | undefined;
  let last = Promise.resolve();

  const refresh = async (file: string) => {
    const text = await readFile(file);
    const next = parseWebConfig(text, file);
    const built = await build(next, { config, settings }, { readFile, compare });
    const why = whyRestart(settings, built);
    if (why !== undefined) throw new Error(why);
    if (JSON.stringify(fingerprint(config, settings)) === JSON.stringify(fingerprint(next, built))) return;
    // Most likely it is just being written, and must not let everybody in meanwhile.
    if (text.trim() === '') throw new Error(`${file}: became empty; expected what it held, or a restart`);
    config = next;
    settings = built;
    options.onChange(settings);
    log.info('web configuration changed', { file });
  };

  const complain = (error: unknown) => {
    const message = error instanceof Error ? error.message : undefined;
    const isNew = message !== undefined && message !== complaint;
    if (isNew) log.error('web configuration refused, the old one stays', { error: message });
    complaint = message;
  };

  return {
    current: () => settings,
    refresh: () => {
      if (web === undefined) return last;
      // One after the other: of two that overlap the one that read the older text could come last.
      last = last.then(() => refresh(web.file)).then(() => complain(undefined), complain);
      return last;
    },
  };
}

interface Before {
  readonly config: WebConfig | undefined;
  readonly settings: WebSettings;
}

/** Remembered passwords and the bucket of requests survive a change of something else. */
async function build(
  config: WebConfig | undefined,
  before: Before | undefined,
  { readFile, compare }: Pick<LiveSettingsOptions, 'readFile' | 'compare'>,
): Promise<WebSettings> {
  const { tls, headers = {}, users = new Map<string, string>(), requestLimit } = config ?? {};
  const hasSameUsers = JSON.stringify([...users]) === JSON.stringify([...(before?.config?.users ?? [])]);
  const hasSameLimit = JSON.stringify(requestLimit) === JSON.stringify(before?.config?.requestLimit);
  const basicAuth = users.size > 0 ? createBasicAuth(users, compare) : undefined;
  const mayPass = requestLimit && createRequestLimiter(requestLimit);
  return {
    headers,
    basicAuth: hasSameUsers && before ? before.settings.basicAuth : basicAuth,
    mayPass: hasSameLimit && before ? before.settings.mayPass : mayPass,
    tls: tls && { config: tls, options: await loadTlsOptions(tls, readFile) },
  };
}

/** A listening server can change its certificates, but not whether it speaks TLS or asks clients for theirs. */
function whyRestart(before: WebSettings, after: WebSettings): string | undefined {
  if ((before.tls === undefined) !== (after.tls === undefined)) return 'switching TLS on or off needs a restart';
  if (before.tls?.config.clientPolicy !== after.tls?.config.clientPolicy) {
    return 'a change of tls_server_config.client_auth_type needs a restart';
  }
  return undefined;
}

function fingerprint(config: WebConfig | undefined, settings: WebSettings): unknown {
  return [config, [...(config?.users ?? [])], settings.tls?.options];
}
