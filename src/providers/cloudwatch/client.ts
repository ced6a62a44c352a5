import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { type ConnectionOptions, createAgents } from '../../http/agents.ts';
import type { RequestObserver } from '../../http/request-observer.ts';
import { measureClockSkew } from '../../http/request-observer.ts';
import type { Clock } from '../../model/time.ts';

/** Whose alarms are read; an empty text leaves it to the default chain of credentials. */
export interface Identity {
  readonly profile: string;
  readonly roleArn: string;
  readonly externalId: string;
}

export interface ClientOptions {
  readonly region: string;
  /** Instead of the region's own. */
  readonly endpoint: string | undefined;
  readonly identity: Identity;
  readonly route: ConnectionOptions;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly observer: Pick<RequestObserver, 'onClockSkew'>;
}

/** Shown in the other account's audit trail. */
const SESSION_NAME = 'mttr-exporter';

/** The SDK's client of one region; loaded here, so that who has no such provider does not pay for it. */
export async function openClient(options: ClientOptions): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
  // Without throwOnRequestTimeout the SDK only warns about a time-out and waits on.
  const handler = { ...createAgents(options.route), requestTimeout: options.timeoutMs, throwOnRequestTimeout: true };
  const client = new CloudWatchClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    // The HTTP client retries.
    maxAttempts: 1,
    requestHandler: handler,
    credentials: await credentialsOf(options.identity, { region: options.region, requestHandler: handler }),
  });
  measureClock(client, options);
  return client;
}

const Answered = z.object({ headers: z.record(z.string(), z.string()) });

/** Low priority is nearest to the wire: an answer that is an error is heard too. */
function measureClock(client: CloudWatchClient, { clock, observer }: Pick<ClientOptions, 'clock' | 'observer'>): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const sentAtMs = clock.nowMs();
      const result = await next(args);
      const headers = Answered.safeParse(result.response).data?.headers ?? {};
      const skewMs = measureClockSkew({ headers, sentAtMs, receivedAtMs: clock.nowMs() });
      if (skewMs !== undefined) observer.onClockSkew?.(skewMs);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'measureClock' },
  );
}

type ClientConfig = { region: string; requestHandler: object };

async function credentialsOf({ profile, roleArn, externalId }: Identity, clientConfig: ClientConfig) {
  const providers = await import('@aws-sdk/credential-providers');
  const own =
    profile === '' ? providers.fromNodeProviderChain({ clientConfig }) : providers.fromIni({ profile, clientConfig });
  if (roleArn === '') return own;
  return providers.fromTemporaryCredentials({
    params: {
      RoleArn: roleArn,
      RoleSessionName: SESSION_NAME,
      ...(externalId === '' ? {} : { ExternalId: externalId }),
    },
    masterCredentials: own,
    clientConfig,
  });
}
