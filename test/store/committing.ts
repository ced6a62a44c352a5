import type { Incident } from '../../src/model/incident.ts';
import type { Batch, Store } from '../../src/store/store.ts';
import { changes, comparison, deploymentSettings, failure, success } from './deployment-fixtures.ts';
import { at, incident, page, poll, recovered, start } from './fixtures.ts';

/** Pages of the first sync, and polls after it. */
const SYNC_PAGES = 40;
export const PAGES = 160;
const PER_PAGE = 25;

/** Incidents of a page: some new, and those of the page before again: resolved, reopened or re-prioritised by now. */
function incidentsOf(index: number): Incident[] {
  return [...tellings(index - 1, 1), ...tellings(index, 0)];
}

function tellings(index: number, round: number): Incident[] {
  if (index < 0) return [];
  return Array.from({ length: PER_PAGE }, (_, position) => {
    const number = index * PER_PAGE + position;
    const reported = {
      triggeredAtMs: at((number % 60) - 10),
      service: `s${number % 7}`,
      priority: `P${1 + (number % 3)}`,
    };
    const id = `Q${number}`;
    if (number % 4 === 0) return round === 0 ? incident(id, reported) : recovered(id, 30, reported);
    if (number % 4 === 1) return recovered(id, 20 + round, { ...reported, reopenedAtMs: round === 0 ? [] : [at(70)] });
    if (number % 4 === 2) return round === 0 ? recovered(id, 5, reported) : incident(id, reported);
    return incident(id, { ...reported, escalatedAtMs: round === 0 ? [at(61)] : [at(61), at(62)] });
  });
}

/** Deployments of a page, after those of the page before, which are told again: failures among them, and what a success brings. */
function deploymentsOf(index: number): Pick<Batch, 'deployments' | 'comparisons'> {
  const tell = (number: number) => (number % 3 === 0 ? failure : success)(String(number), 2 * number);
  const pairs = [index - 2, index - 1, index].filter((number) => number >= 1 && number % 3 === 1);
  return {
    deployments: [index - 1, index].filter((number) => number >= 0).map(tell),
    comparisons: pairs.map((number) => comparison(String(number), String(number + 1), 'ahead', changes(number))),
  };
}

/** Commits the pages that the cursor of the store says are missing. */
export async function commitAll(store: Store, onCommitted: (cursor: string) => void): Promise<void> {
  await start(store, deploymentSettings());
  const { cursor } = store.provider('pagerduty');
  for (let index = Number(cursor ?? 0); index < PAGES; index += 1) {
    const batch = { incidents: incidentsOf(index), ...deploymentsOf(index), cursor: String(index + 1) };
    const nowMs = at(100 + index);
    store.commit(index < SYNC_PAGES ? page(nowMs, batch) : poll(nowMs, batch));
    onCommitted(batch.cursor);
  }
}
