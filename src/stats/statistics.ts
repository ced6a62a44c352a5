import type { Reader } from '../config/reading.ts';
import { createBreath } from '../model/breath.ts';
import type { FacetLabels, StoredIncident } from '../model/stored.ts';
import { Columns } from './columns.ts';
import type { ActiveProvider } from './places.ts';
import type { OpenRow, ProviderCounts, Row, StatisticsSettings } from './rows.ts';
import { createStandstill, inSlices } from './standstill.ts';
import { Windows } from './windows.ts';

export interface StatisticsInput {
  readonly settings: StatisticsSettings;
  /** Today's labels of a facet; undefined when its provider is not configured. */
  readonly labels: (facet: number) => FacetLabels | undefined;
  readonly reader: (provider: string) => Reader | undefined;
}

/** Statistics over all incidents of all providers whose first sync is complete. */
export interface Statistics {
  /** Takes an incident, new or changed. */
  put(incident: StoredIncident): void;
  /** Lets go of incidents that left the store. */
  forget(rows: readonly number[]): void;
  /** Moves a provider's windows; one that is seen for the first time joins with the next `rebuild`. */
  advance(provider: ActiveProvider): void;
  /** Puts all groups together anew, in slices: after a first sync, or when labels changed. What is read meanwhile stands still. */
  rebuild(): Promise<void>;
  /** Brings all rows up to date, in slices; what comes meanwhile is taken after that. */
  refresh(): Promise<void>;
  rows(): readonly Row[];
  openRows(): readonly OpenRow[];
  counts(): ReadonlyMap<string, ProviderCounts>;
}

export function createStatistics(input: StatisticsInput): Statistics {
  const columns = new Columns();
  const providers = new Map<string, ActiveProvider>();
  const reading = { reopened: input.settings.reopened, labels: input.labels, reader: input.reader };
  const windowsInput = { columns, settings: input.settings, labels: input.labels };
  let windows = new Windows(windowsInput, []);
  const { soon, during } = createStandstill();
  const put = (incident: StoredIncident) => {
    const known = columns.slotOf(incident.row);
    if (known >= 0) windows.change(known, -1);
    const slot = known >= 0 ? known : columns.take(incident.row);
    columns.write(slot, incident, reading);
    windows.change(slot, 1);
  };
  const forget = (row: number) => {
    const slot = columns.slotOf(row);
    if (slot < 0) return;
    windows.change(slot, -1);
    columns.vacate(slot);
  };
  const advance = (provider: ActiveProvider) => {
    providers.set(provider.name, provider);
    windows.advance(provider.name, provider);
  };
  const rebuild = async () => {
    const next = new Windows(windowsInput, [...providers.values()]);
    await letIn(next, columns);
    windows = next;
  };
  return {
    put: (incident) => soon(() => put(incident)),
    forget: (rows) => soon(() => rows.forEach(forget)),
    advance: (provider) => soon(() => advance(provider)),
    rebuild: () => during(rebuild),
    refresh: () => during(() => inSlices(windows.refresh())),
    rows: () => windows.places.groups(),
    openRows: () => windows.places.bases(),
    counts: () => windows.places.counts(),
  };
}

/** Incidents between two looks at the clock, which costs as much as one of them. */
const STRIDE = 32;

/** Incidents enter in order of their triggers, so that lists grow at their ends; values are ready when it resolves. */
async function letIn(windows: Windows, columns: Columns): Promise<void> {
  const breathe = createBreath();
  for (let slot = 0; slot < columns.length; slot += 1) {
    if (columns.isTaken(slot)) windows.append(slot);
    const pause = slot % STRIDE === 0 ? breathe() : undefined;
    if (pause !== undefined) await pause;
  }
  await inSlices(windows.sortOrders());
  for (const { byTrigger } of windows.places.providers) {
    for (let at = 0; at < byTrigger.length; at += 1) {
      windows.change(byTrigger.at(at), 1, 'ordered');
      const pause = at % STRIDE === 0 ? breathe() : undefined;
      if (pause !== undefined) await pause;
    }
  }
  await inSlices(windows.refresh());
}
