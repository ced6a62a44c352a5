import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { agentsFor, type Route } from '../../network/agents.ts';

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
  readonly route: Route;
  readonly timeoutMs: number;
}

/** Shown in the other account's audit trail. */
const SESSION_NAME = 'mttr-exporter';

/** The SDK's client of one region; loaded here, so that who has no such provider does not pay for it. */
export async function openClient(options: ClientOptions): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
  // Without throwOnRequestTimeout the SDK only warns about a time-out and waits on.
  const handler = { ...agentsFor(options.route), requestTimeout: options.timeoutMs, throwOnRequestTimeout: true };
  return new CloudWatchClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    // Tries are the door's.
    maxAttempts: 1,
    requestHandler: handler,
    credentials: await credentialsOf(options.identity, { region: options.region, requestHandler: handler }),
  });
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
