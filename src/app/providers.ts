import type { Config, ProviderConfig } from '../config/types.ts';
import type { RequestObserver } from '../http/request-observer.ts';
import type { ProcessMetrics } from '../metrics/self-metrics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';
import { createTranscriptRecorder, type TranscriptRecorder } from '../poller/transcript.ts';
import type { Platform, Provider } from '../providers/provider.ts';
import type { WebhookVerifier } from '../providers/webhook.ts';

export interface OpenProvidersInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
}

/** A provider's webhook as it is configured. */
export interface OpenedWebhook {
  readonly verifier: WebhookVerifier;
  /** Its deliveries are content; else they start polls. */
  readonly content: { readonly maxBytes: number } | undefined;
}

/** What may be pushed to a provider, and with which token. */
export interface OpenedPush {
  readonly kinds: readonly string[];
  readonly token: string;
}

/** A configured provider with its platform behind it. */
export interface OpenedProvider {
  readonly config: ProviderConfig;
  readonly provider: Provider;
  readonly capabilities: Provider['capabilities'];
  /** Requests left in the current allowance; undefined before the first request. */
  readonly requestsLeft: () => number | undefined;
  /** Requests made since it was opened. */
  readonly requestsMade: () => number;
  /** What happens in its polls. */
  readonly transcript: TranscriptRecorder;
  /** Nothing is polled: its incidents come from files. */
  readonly isImportedOnly: boolean;
  /** Absent: it has no webhook endpoint. */
  readonly webhook: OpenedWebhook | undefined;
  readonly push: OpenedPush | undefined;
}

/** Opens every configured provider and counts its requests; see `openEach`. */
export function openProviders(input: OpenProvidersInput): readonly OpenedProvider[] {
  return openEach(input, (platform, config) => ({ config, ...openProvider(input, platform, config) }));
}

/**
 * All of them, or none: those that were opened before one that cannot be are closed again. No request is made. Throws
 * with the provider's name (a CA file that cannot be read).
 */
export function openEach<Opened extends { readonly provider: Provider }>(
  { config, platforms }: Pick<OpenProvidersInput, 'config' | 'platforms'>,
  open: (platform: Platform, config: ProviderConfig) => Opened,
): readonly Opened[] {
  const opened: Opened[] = [];
  for (const one of config.providers) {
    try {
      const platform = platforms.find(({ type }) => type === one.type);
      if (platform === undefined) throw new Error(`unknown provider type ${one.type}`);
      opened.push(open(platform, one));
    } catch (error) {
      for (const { provider } of opened) void provider.close();
      throw new Error(`provider ${one.name}: ${messageOf(error)}`, { cause: error });
    }
  }
  return opened;
}

function openProvider({ clock, metrics, log }: OpenProvidersInput, platform: Platform, config: ProviderConfig) {
  let left: number | undefined;
  let made = 0;
  const transcript = createTranscriptRecorder(clock);
  const observer: RequestObserver = {
    onRequest: (code, request) => {
      made += 1;
      metrics.requested(config.name, code);
      metrics.answered(config.name, request);
      transcript.add({ event: 'request', code, request });
    },
    onThrottled: () => metrics.throttled(config.name),
    onClockSkew: (ms: number) => metrics.clockSkew(config.name, ms),
    onBudget: (remaining: number) => {
      left = remaining;
      metrics.budget(config.name, remaining);
    },
  };
  const dependencies = { clock, observer, log };
  const provider: Provider = platform.create(config, dependencies);
  return {
    provider,
    capabilities: provider.capabilities,
    requestsLeft: () => left,
    requestsMade: () => made,
    transcript,
    isImportedOnly: platform.isImportedOnly === true,
    webhook: config.webhook &&
      platform.webhook && {
        verifier: platform.webhook.open(config, dependencies),
        content: platform.webhook.content,
      },
    push: platform.push && {
      kinds: platform.push.kinds,
      token: String(config.settings[platform.push.tokenSetting]),
    },
  };
}
