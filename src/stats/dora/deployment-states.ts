import type { DeploymentOutcome } from '../../model/deployment.ts';
import { SortedNumbers } from '../sorted-numbers.ts';
import type { Entry, Subject } from './derive.ts';
import type { DeploymentState } from './rows.ts';

/** The newest deployments of each combination of provider, service and environment of ours. */
export class DeploymentStates {
  readonly #states = new Map<string, State>();
  readonly #bySubject = new Map<Subject, State>();

  /** A finished deployment comes or goes. */
  change(entry: Entry, sign: 1 | -1): void {
    if (entry.outcome === undefined) return;
    const state = this.#stateOf(entry.subject);
    state.endedAt[entry.outcome].change(entry.finishedAtMs, sign);
  }

  list(): DeploymentState[] {
    return [...this.#states.values()]
      .filter(({ endedAt }) => Object.values(endedAt).some(({ size }) => size > 0))
      .map(({ labels, endedAt, subjects }) => {
        const newest = subjects.map(({ deployments }) => deployments.at(deployments.length - 1)?.outcome);
        const isFinished = newest.some((outcome) => outcome !== undefined);
        return {
          ...labels,
          lastAtMs: {
            success: last(endedAt.success),
            failure: last(endedAt.failure),
            cancelled: last(endedAt.cancelled),
          },
          isFailing: isFinished ? newest.includes('failure') : undefined,
        };
      });
  }

  #stateOf(subject: Subject): State {
    const known = this.#bySubject.get(subject);
    if (known !== undefined) return known;
    const { provider, service, environment } = subject.labels;
    const key = JSON.stringify([provider, service, environment]);
    const state = this.#states.get(key) ?? {
      labels: { provider, service, environment },
      subjects: [],
      endedAt: { success: new SortedNumbers(), failure: new SortedNumbers(), cancelled: new SortedNumbers() },
    };
    state.subjects.push(subject);
    this.#states.set(key, state);
    this.#bySubject.set(subject, state);
    return state;
  }
}

interface State {
  readonly labels: Pick<DeploymentState, 'provider' | 'service' | 'environment'>;
  readonly subjects: Subject[];
  readonly endedAt: Readonly<Record<DeploymentOutcome, SortedNumbers>>;
}

function last(numbers: SortedNumbers): number | undefined {
  return numbers.at(numbers.size - 1);
}
