import type { Config } from '../config/types.ts';
import { families } from '../metrics/families.ts';
import type { ShownProvider } from '../metrics/family.ts';
import type { Holds } from '../metrics/holds.ts';
import { Page } from '../metrics/page.ts';
import type { PageReader } from '../metrics/reader.ts';
import type { Clock } from '../model/time.ts';
import type { Statistics } from '../stats/statistics.ts';
import type { Store } from '../store/store.ts';
import { createPageSource } from './page-source.ts';
import { familySettings } from './settings.ts';
import { createShownRows, NOTHING_SHOWN, type Shown } from './shown.ts';

export interface ShowingInput {
  readonly config: Config;
  readonly store: Store;
  readonly statistics: Statistics;
  readonly providers: readonly ShownProvider[];
  readonly reader: PageReader;
  readonly holds: Holds;
  readonly clock: Clock;
}

/** From the store and the statistics to the page that is served, with the holds of newly born series. */
export interface Showing {
  render(): Promise<void>;
  /** Ends the holds that are over; true when there were any. */
  release(): Promise<boolean>;
  /** A GET got all of this page. */
  delivered(version: number): void;
  /** What the page shows. */
  shown(): Shown;
}

export function createShowing(input: ShowingInput): Showing {
  const { config, store, statistics, providers, reader, holds, clock } = input;
  const page = new Page(families, familySettings(config));
  const rowsOf = createShownRows();
  let shown = NOTHING_SHOWN;
  const source = createPageSource({ store, statistics, providers });
  return {
    render: async () => {
      await statistics.refresh();
      const given = source();
      const version = reader.show(await page.render(given));
      shown = await rowsOf(given);
      const sets = given.sets.map(({ set }) => set);
      holds.rendered(version, sets);
    },
    release: async () => {
      const due = holds.due(clock.nowMs(), config.metrics.newSeriesHoldMs);
      if (due.length > 0) await store.release(due);
      return due.length > 0;
    },
    delivered: (version) => holds.delivered(version, clock.nowMs()),
    shown: () => shown,
  };
}
