import { z } from 'zod';
import type { ErrorClass } from '../../http/errors.ts';

/** Throttling comes with HTTP 400, so it is known by its name (botocore's list of throttling codes). */
const THROTTLED = new Set([
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
const SIGNED_FOR_ANOTHER_TIME = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** What the chain of credentials throws when it ends without any: asking again finds none either. */
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);

const SdkError = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional(), clockSkewCorrected: z.boolean().optional() }).optional(),
});

/** What an error of the AWS SDK means; ARNs and addresses, which may name a person, are left out of its message. */
export function judgeSdkError(error: unknown): ErrorClass {
  const parsed = SdkError.safeParse(error);
  if (!parsed.success) return { retry: false, throttled: false, status: undefined, message: 'the call failed' };
  const { name, message, $metadata } = parsed.data;
  const status = $metadata?.httpStatusCode;
  const throttled = THROTTLED.has(name) || status === 429;
  const isPassing = status === undefined || status === 408 || status >= 500;
  // A body that is no JSON came from a proxy or was cut on its way.
  // With a local clock that is off the first signature is refused; the SDK has learnt the platform's time by that answer.
  const isSignedAnew = SIGNED_FOR_ANOTHER_TIME.has(name) && $metadata?.clockSkewCorrected === true;
  const retry = throttled || isSignedAnew || name === 'SyntaxError' || (isPassing && !NO_CREDENTIALS.has(name));
  return { retry, throttled, status, message: `${name}: ${withoutNames(name, message)}`, code: name };
}

/** The platform's name for an error; empty for anything else. */
export function codeOf(error: unknown): string {
  return SdkError.safeParse(error).data?.name ?? '';
}

function withoutNames(name: string, message: string): string {
  if (name === 'SyntaxError') return 'the answer is not JSON';
  return message.replaceAll(/arn:[^\s"']+/g, 'arn:…').replaceAll(/[^\s<>"']+@[^\s<>"']+/g, '…');
}
