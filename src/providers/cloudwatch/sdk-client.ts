import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { type ConnectionOptions, createAgents } from '../../http/agents.ts';
import { type ErrorClass, RequestError } from '../../http/errors.ts';
import { measureClockSkew, type RequestObserver } from '../../http/request-observer.ts';
import type { Clock } from '../../model/time.ts';
import { classifyProbeError, type ProbeCall } from '../probes.ts';

/** The identity that reads alarms; empty fields use the default credential chain. */
export interface Identity {
  readonly profile: string;
  readonly roleArn: string;
  readonly externalId: string;
}

export interface ClientOptions {
  readonly region: string;
  /** Replaces the region's own endpoint. */
  readonly endpoint: string | undefined;
  readonly identity: Identity;
  readonly route: ConnectionOptions;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly observer: Pick<RequestObserver, 'onClockSkew'>;
}

/** Visible in the audit trail of the other account. */
const SESSION_NAME = 'mttr-exporter';

/** Creates the SDK client of one region. The SDK is loaded here, so only configurations with such a provider load it. */
export async function createSdkClient(options: ClientOptions): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
  // Without throwOnRequestTimeout the SDK only warns about a time-out and keeps waiting.
  const handler = { ...createAgents(options.route), requestTimeout: options.timeoutMs, throwOnRequestTimeout: true };
  const client = new CloudWatchClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    // Our own client retries.
    maxAttempts: 1,
    requestHandler: handler,
    credentials: await createCredentials(options.identity, { region: options.region, requestHandler: handler }),
  });
  addClockSkewMiddleware(client, options);
  return client;
}

const ResponseHeaders = z.object({ headers: z.record(z.string(), z.string()) });

/** Low priority runs closest to the network, so error responses are measured too. */
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

/** AWS throttles with HTTP 400, so the code decides (botocore's list of throttling codes). */
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

/** Signature errors that a wrong clock may cause (the SDK's list of clock skew codes). */
const CLOCK_CODES = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** Errors of a credential chain that found nothing: a retry finds nothing either. */
const NO_CREDENTIALS_NAMES = new Set(['CredentialsProviderError', 'TokenProviderError']);

const SdkError = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional(), clockSkewCorrected: z.boolean().optional() }).optional(),
});

/** Classifies an error of the AWS SDK; ARNs and e-mail addresses, which may name a person, are removed from its message. */
export function classifySdkError(error: unknown): ErrorClass {
  const parsed = SdkError.safeParse(error);
  if (!parsed.success) return { retry: false, throttled: false, status: undefined, message: 'the call failed' };
  const { name, message, $metadata } = parsed.data;
  const status = $metadata?.httpStatusCode;
  const throttled = THROTTLING_CODES.has(name) || status === 429;
  const isTransient = status === undefined || status === 408 || status >= 500;
  // A body that is not JSON came from a proxy or was truncated, so SyntaxError is retried.
  // With a wrong local clock the first signature is refused; the SDK corrects its clock from that response.
  const isClockCorrected = CLOCK_CODES.has(name) && $metadata?.clockSkewCorrected === true;
  const retry =
    throttled || isClockCorrected || name === 'SyntaxError' || (isTransient && !NO_CREDENTIALS_NAMES.has(name));
  return { retry, throttled, status, message: `${name}: ${redactNames(name, message)}`, code: name };
}

/** The platform's code of an error; empty for anything else. */
export function getErrorCode(error: unknown): string {
  return SdkError.safeParse(error).data?.name ?? '';
}

function redactNames(name: string, message: string): string {
  if (name === 'SyntaxError') return 'the answer is not JSON';
  return message.replaceAll(/arn:[^\s"']+/g, 'arn:…').replaceAll(/[^\s<>"']+@[^\s<>"']+/g, '…');
}

/** Codes of a missing permission. */
export const ACCESS_DENIED_CODES: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'NotAuthorized',
]);

/** Codes of credentials that AWS does not accept. */
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

/** Classifies a failed probe by the AWS error code, as nearly all errors have the status 400. */
export function classifySdkProbeError(
  error: unknown,
  call: Pick<ProbeCall, 'isNeeded'>,
): ReturnType<typeof classifyProbeError> {
  const code = error instanceof RequestError ? (ErrorBody.safeParse(error.body).data?.code ?? '') : '';
  if (INVALID_CREDENTIALS_CODES.has(code)) return 'unauthorised';
  return ACCESS_DENIED_CODES.has(code) ? 'refused' : classifyProbeError(error, call);
}
