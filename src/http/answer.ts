import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { allowanceOf } from './allowance.ts';
import type { Answer } from './door.ts';
import { type Allowance, AttemptFailure } from './failure.ts';
import type { Sent } from './send.ts';

/** Where the platforms put their message: PagerDuty under `error`, Opsgenie at the top, with details in `errors`. */
const Message = z.object({
  message: z.string().optional().catch(undefined),
  errors: z
    .union([z.string().array(), z.record(z.string(), z.string())])
    .optional()
    .catch(undefined),
});
const ErrorBody = Message.extend({ error: z.union([z.string(), Message]).optional().catch(undefined) });

/** A longer error body is none of a platform's own, which are short; parsing and cleaning it would only take time. */
const ERROR_BODY_MAX_CHARACTERS = 64 * 1024;

/** A 2xx answer with its JSON, or the failure that it amounts to (thrown as AttemptFailure). */
export function readAnswer(sent: Sent, nowMs: number): { answer: Answer; allowance: Allowance } {
  const { status, headers, text } = sent;
  const allowance = allowanceOf({ status, headers, nowMs });
  if (status < 200 || status > 299) throw refusal(sent, allowance);
  const body = parsed(text);
  if (typeof body !== 'object' || body === null) {
    throw new AttemptFailure(notJson(text), { status, retry: true, allowance });
  }
  return { answer: { status, body, headers }, allowance };
}

function refusal({ status, headers, text }: Sent, allowance: Allowance): AttemptFailure {
  const body = text.length > ERROR_BODY_MAX_CHARACTERS ? undefined : parsed(text);
  const retry = status === 408 || status === 429 || status >= 500;
  const message = status > 299 && status < 400 ? redirectMessage(headers['location']) : platformMessage(status, body);
  return new AttemptFailure(message, { status, body, retry, throttled: status === 429, allowance });
}

function redirectMessage(location: string | undefined): string {
  const to = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
  return `a redirect${to}, which is not followed; is base_url right?`;
}

function platformMessage(status: number, body: unknown): string {
  const { data } = ErrorBody.safeParse(body);
  const source = data !== undefined && typeof data.error === 'object' ? data.error : data;
  const plain = typeof data?.error === 'string' ? data.error : source?.message;
  const details = Array.isArray(source?.errors)
    ? source.errors
    : Object.entries(source?.errors ?? {}).map((pair) => pair.join(': '));
  const parts = [plain, ...details].filter((part) => part !== undefined && part !== '');
  return parts.length > 0 ? parts.join('; ') : (STATUS_CODES[status] ?? 'no message');
}

function notJson(text: string): string {
  if (text.trim() === '') return 'the answer is empty, expected JSON';
  if (text.trimStart().startsWith('<')) return 'the answer is a web page, expected JSON';
  return `the answer is not whole JSON (${text.length} characters)`;
}

/** Undefined for anything but JSON: a proxy's error page is no news to the caller. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
