import { createBreath } from '../model/breath.ts';
import type { ActiveProvider } from '../stats/places.ts';
import type { Statistics } from '../stats/statistics.ts';
import type { Committed } from '../store/store.ts';

export interface IntakeInput {
  readonly statistics: Statistics;
  /** Undefined while the provider's first sync is not complete. */
  readonly coverageOf: (provider: string) => ActiveProvider | undefined;
}

/** Lets what was committed reach the statistics, one commit after the other. */
export interface Intake {
  /** Something changed since this was last asked. */
  takeChanged(): boolean;
  changed(): void;
  committed(provider: string, committed: Committed): Promise<void>;
  pruned(committed: Committed): Promise<void>;
  /** Everything anew: at start, when the store was read. */
  begin(providers: readonly string[]): Promise<void>;
}

export function createIntake({ statistics, coverageOf }: IntakeInput): Intake {
  const active = new Set<string>();
  let hasChanged = false;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (job: () => Promise<void>) => {
    const next = last.then(job);
    last = next.catch(() => undefined);
    return next;
  };
  const advance = (name: string): boolean => {
    const coverage = coverageOf(name);
    if (coverage === undefined) return false;
    statistics.advance(coverage);
    const isNew = !active.has(name);
    active.add(name);
    return isNew;
  };
  const rebuild = async () => {
    await statistics.rebuild();
    hasChanged = true;
  };
  return {
    takeChanged: () => {
      const had = hasChanged;
      hasChanged = false;
      return had;
    },
    changed: () => {
      hasChanged = true;
    },
    committed: (name, committed) =>
      inTurn(async () => {
        await take(statistics, committed);
        hasChanged = true;
        if (advance(name) || committed.relabelled) await rebuild();
      }),
    pruned: (committed) =>
      inTurn(async () => {
        await take(statistics, committed);
        if (committed.gone.length > 0) hasChanged = true;
        if (committed.relabelled) await rebuild();
      }),
    begin: (providers) =>
      inTurn(async () => {
        for (const name of providers) advance(name);
        await rebuild();
      }),
  };
}

async function take(statistics: Statistics, { changed, gone }: Committed): Promise<void> {
  const breathe = createBreath();
  for (const incident of changed) {
    statistics.put(incident);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  statistics.forget(gone);
}
