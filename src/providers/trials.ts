import { RequestError } from '../http/errors.ts';
import type { Call, Outcome, Trial } from './diagnosis.ts';

/** Makes calls one after the other and writes down how each went. */
export interface Trials {
  readonly list: readonly Trial[];
  /** The answer; undefined when there is none, or when an earlier call showed that asking makes no sense. */
  attempt<Answer>(call: Call, ask: () => Promise<Answer>): Promise<Answer | undefined>;
  /** Notes why a call was not made. */
  leave(call: Call, why: string): void;
}

/** HTTP statuses of an account whose plan (402) or key (403) lacks a right. */
const REFUSALS: readonly (number | undefined)[] = [402, 403];

/** What an error amounts to by its HTTP status; an answer of another shape has failed. */
export function outcomeOf(error: unknown, { isNeeded }: Pick<Call, 'isNeeded'>): Exclude<Outcome, 'ok' | 'untried'> {
  if (!(error instanceof RequestError)) return 'failed';
  if (error.status === undefined) return 'unreachable';
  if (error.status === 401) return 'unauthorised';
  // What every account has answers 404 at a wrong address only; anything else may not be offered to this one.
  if (error.status === 404 && !isNeeded) return 'refused';
  return REFUSALS.includes(error.status) ? 'refused' : 'failed';
}

/**
 * Trials that end with the signal. Once there was no answer, the credentials were not taken, or the very first call
 * failed, no further call is made.
 */
export function createTrials(signal: AbortSignal, judge: typeof outcomeOf = outcomeOf): Trials {
  const list: Trial[] = [];
  const whyNot = () => {
    const last = list.find((trial) => isLast(trial, list));
    return last && `not asked, because of ${last.call}`;
  };

  function note(call: Call, outcome: Outcome, message?: string): void {
    list.push(message === undefined ? { ...call, outcome } : { ...call, outcome, message });
  }

  return {
    list,
    leave: (call, why) => note(call, 'untried', whyNot() ?? why),
    async attempt(call, ask) {
      const reason = whyNot();
      if (reason !== undefined) {
        note(call, 'untried', reason);
        return undefined;
      }
      try {
        signal.throwIfAborted();
        const answer = await ask();
        note(call, 'ok');
        return answer;
      } catch (error) {
        const outcome = signal.aborted ? 'unreachable' : judge(error, call);
        note(call, outcome, messageOf(signal.aborted ? signal.reason : error));
        return undefined;
      }
    },
  };
}

function isLast({ outcome }: Trial, list: readonly Trial[]): boolean {
  if (outcome === 'unreachable' || outcome === 'unauthorised') return true;
  return outcome === 'failed' && !list.some((one) => one.outcome === 'ok');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
