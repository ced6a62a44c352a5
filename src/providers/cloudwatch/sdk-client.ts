import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import type { Clock } from '../../model/time.ts';
import { agentsFor, type Route } from '../../network/agents.ts';
import { measureClockSkew } from '../../network/clock-skew.ts';
import type { RequestObserver, Verdict } from '../../network/door.ts';
import { RequestError } from '../../network/errors.ts';
import type { Call } from '../diagnosis.ts';
import { outcomeOf } from '../trials.ts';

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
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly observer: Pick<RequestObserver, 'onClockSkew'>;
}

/** Shown in the other account's audit trail. */
const SESSION_NAME = 'mttr-exporter';

/** The SDK's client of one region; loaded here, so that who has no such provider does not pay for it. */
export async function openClient(options: ClientOptions): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
  // Without throwOnRequestTimeout the SDK only warns about a time-out and waits on.
  const handler = { ...agentsFor(options.route), requestTimeout: options.timeoutMs, throwOnRequestTimeout: true };
  const client = new CloudWatchClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    // Tries are the door's.
    maxAttempts: 1,
    requestHandler: handler,
    credentials: await createCredentials(options.identity, { region: options.region, requestHandler: handler }),
  });
  addClockSkewMiddleware(client, options);
  return client;
}

const ResponseHeaders = z.object({ headers: z.record(z.string(), z.string()) });

/** Low priority is nearest to the wire: an answer that is an error is heard too. */
function addClockSkewMiddleware(
  client: CloudWatchClient,
  { clock, observer }: Pick<ClientOptions, 'clock' | 'observer'>,
): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const sentAtMs = clock.nowMs();
      const result = await next(args);
      const headers = ResponseHeaders.safeParse(result.response).data?.headers ?? {};
      const skewMs = measureClockSkew({ headers, sentAtMs, receivedAtMs: clock.nowMs() });
      if (skewMs !== undefined) observer.onClockSkew?.(skewMs);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'measureClock' },
  );
}

type ClientConfig = { region: string; requestHandler: object };

async function createCredentials({ profile, roleArn, externalId }: Identity, clientConfig: ClientConfig) {
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

/** Throttling comes with HTTP 400, so it is known by its name (botocore's list of throttling codes). */
const THROTTLING_CODES = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
]);

/** Refusals of a signature that may be right at another time (the SDK's list of codes that speak of a clock). */
const CLOCK_CODES = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** What the chain of credentials throws when it ends without any: asking again finds none either. */
const NO_CREDENTIALS_NAMES = new Set(['CredentialsProviderError', 'TokenProviderError']);

const SdkError = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional(), clockSkewCorrected: z.boolean().optional() }).optional(),
});

/** What an error of the AWS SDK means; ARNs and addresses, which may name a person, are left out of its message. */
export function classifySdkError(error: unknown): Verdict {
  const parsed = SdkError.safeParse(error);
  if (!parsed.success) return { retry: false, throttled: false, status: undefined, message: 'the call failed' };
  const { name, message, $metadata } = parsed.data;
  const status = $metadata?.httpStatusCode;
  const throttled = THROTTLING_CODES.has(name) || status === 429;
  const isTransient = status === undefined || status === 408 || status >= 500;
  // A body that is no JSON came from a proxy or was cut on its way.
  // With a local clock that is off the first signature is refused; the SDK has learnt the platform's time by that answer.
  const isClockCorrected = CLOCK_CODES.has(name) && $metadata?.clockSkewCorrected === true;
  const retry =
    throttled || isClockCorrected || name === 'SyntaxError' || (isTransient && !NO_CREDENTIALS_NAMES.has(name));
  return { retry, throttled, status, message: `${name}: ${redactNames(name, message)}`, code: name };
}

/** The platform's name for an error; empty for anything else. */
export function getErrorCode(error: unknown): string {
  return SdkError.safeParse(error).data?.name ?? '';
}

function redactNames(name: string, message: string): string {
  if (name === 'SyntaxError') return 'the answer is not JSON';
  return message.replaceAll(/arn:[^\s"']+/g, 'arn:…').replaceAll(/[^\s<>"']+@[^\s<>"']+/g, '…');
}

/** The platform's names for a right that is missing. */
export const ACCESS_DENIED_CODES: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'NotAuthorized',
]);

/** The platform's names for credentials that it does not take. */
const INVALID_CREDENTIALS_CODES: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'OptInRequired',
]);

const ErrorBody = z.object({ code: z.string() });

/** What an error of the SDK amounts to, by the platform's own name for it: its status is 400 for nearly all. */
export function classifySdkProbeError(error: unknown, call: Pick<Call, 'isNeeded'>): ReturnType<typeof outcomeOf> {
  const code = error instanceof RequestError ? (ErrorBody.safeParse(error.body).data?.code ?? '') : '';
  if (INVALID_CREDENTIALS_CODES.has(code)) return 'unauthorised';
  return ACCESS_DENIED_CODES.has(code) ? 'refused' : outcomeOf(error, call);
}
