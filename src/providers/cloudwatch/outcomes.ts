import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import type { Call } from '../diagnosis.ts';
import { outcomeOf } from '../trials.ts';
import { DENIED } from './api.ts';

/** The platform's names for credentials that it does not take. */
const NOT_TAKEN: ReadonlySet<string> = new Set([
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

const Coded = z.object({ code: z.string() });

/** What an error of the SDK amounts to, by the platform's own name for it: its status is 400 for nearly all. */
export function outcomeOfSdk(error: unknown, call: Pick<Call, 'isNeeded'>): ReturnType<typeof outcomeOf> {
  const code = error instanceof RequestError ? (Coded.safeParse(error.body).data?.code ?? '') : '';
  if (NOT_TAKEN.has(code)) return 'unauthorised';
  return DENIED.has(code) ? 'refused' : outcomeOf(error, call);
}
