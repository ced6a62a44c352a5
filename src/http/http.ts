import { agentsFor, proxySecrets } from './agents.ts';
import { readAnswer } from './answer.ts';
import { createCalls } from './calls.ts';
import { measureClockSkew } from './clock-skew.ts';
import type { Door, DoorOptions, Verdict } from './door.ts';
import { AttemptFailure } from './failure.ts';
import { checkHeaders } from './headers.ts';
import { createPace } from './pace.ts';
import { createRedactor } from './redact.ts';
import { send } from './send.ts';
import { baseUrlOf, labelOf, targetOf } from './target.ts';

/** Opens the door to one platform; throws when the base URL, a header, the CA file or a proxy's address is of no use. */
export function createDoor(options: DoorOptions): Door {
  const { clock, observer, headers, timeoutMs, rateLimit } = options;
  const route = { proxyUrl: options.proxyUrl, caFile: options.caFile, env: process.env };
  const base = baseUrlOf(options.baseUrl);
  checkHeaders(headers);
  const agents = agentsFor(route);
  const redactor = createRedactor([...options.secrets, ...proxySecrets(route)]);
  const pace = createPace({ rateLimit, clock });
  const closing = new AbortController();
  let newestSkewMs = 0;
  const make = createCalls({ pace, clock, observer, redactor, timeoutMs, closing: closing.signal });

  return {
    async get(path, query, signal) {
      const url = targetOf(base, path, query);
      const attempt = async (attemptSignal: AbortSignal) => {
        const sentAtMs = clock.nowMs();
        const sent = await send({ url, headers, agents, signal: attemptSignal });
        const receivedAtMs = clock.nowMs();
        const skewMs = measureClockSkew({ headers: sent.headers, sentAtMs, receivedAtMs });
        if (skewMs !== undefined) observer.onClockSkew?.(skewMs);
        newestSkewMs = skewMs ?? newestSkewMs;
        const { answer, allowance } = readAnswer(sent, receivedAtMs - newestSkewMs);
        return { value: answer, status: answer.status, allowance };
      };
      return make({ label: labelOf(base, url), attempt, signal });
    },
    async run(call, signal) {
      const attempt = async (attemptSignal: AbortSignal) => {
        try {
          return { value: await call(attemptSignal), status: 200, allowance: {} };
        } catch (error) {
          throw judged((options.judge ?? lastWord)(error));
        }
      };
      return make({ label: base.host, attempt, signal });
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the connection to the platform was closed'));
      await pace.close();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

function judged({ status, message, retry, throttled, code }: Verdict): AttemptFailure {
  const body = code === undefined ? undefined : { code };
  return new AttemptFailure(message, { status, body, retry: retry || throttled, throttled });
}

/** Without a judge nothing is known of an error, so it is not tried again. */
function lastWord(error: unknown): Verdict {
  const message = error instanceof Error ? error.message : 'the call failed';
  return { retry: false, throttled: false, status: undefined, message };
}
