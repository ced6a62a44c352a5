import { headerText, labelText, numberText } from '../../metrics/exposition.ts';
import type { PastFamily, PastSeries } from './table.ts';

/**
 * Families as OpenMetrics 1.0 with timestamps, in pieces: a series' samples stand together in order of time, as
 * `promtool tsdb create-blocks-from openmetrics` needs them, and `# EOF` ends it.
 */
export function* openMetricsText(families: readonly PastFamily[], instantsMs: readonly number[]): Generator<string> {
  for (const { family, series } of families) {
    yield headerText(family, 'openmetrics') + unitText(family.name);
    for (const one of series) yield seriesText(family.name, one, instantsMs);
  }
  yield '# EOF\n';
}

/** OpenMetrics wants a unit to be the end of the name, so the name tells it. */
function unitText(name: string): string {
  const unit = /_(minutes|seconds|ratio)$/.exec(name)?.[1];
  return unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
}

/** Timestamps are seconds, as OpenMetrics has them. */
function seriesText(name: string, { labels, values }: PastSeries, instantsMs: readonly number[]): string {
  const braces = labels.length === 0 ? '' : `{${labelText(labels)}}`;
  let text = '';
  for (const [place, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    text += `${name}${braces} ${numberText(value)} ${(instantsMs[place] ?? 0) / 1000}\n`;
  }
  return text;
}
