import type { TimeSeries } from '../../http/remote-write.ts';
import type { PastFamily } from './table.ts';

/** Families as remote write has them: one series after the other, each in order of time. */
export function* writtenSeries(families: readonly PastFamily[], instantsMs: readonly number[]): Generator<TimeSeries> {
  for (const { family, series } of families) {
    for (const { labels, values } of series) {
      const samples = instantsMs
        .map((timestampMs, index) => ({ timestampMs, value: values[index] ?? Number.NaN }))
        .filter(({ value }) => !Number.isNaN(value));
      yield { labels: [['__name__', family.name], ...labels], samples };
    }
  }
}
