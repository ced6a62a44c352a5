import type { Config } from '../../config/types.ts';
import type { LabelPairs } from '../../metrics/exposition.ts';
import { formatDuration } from '../../model/format.ts';
import { DAY_MS } from '../../model/time.ts';
import { sizeText, type WrittenFile } from './openmetrics-files.ts';
import { HEAD_MS, LOOKBACK_MS, type SamplePlan } from './options.ts';

/** What a backfill has written. */
export interface BackfillSummary {
  readonly plan: SamplePlan;
  readonly series: number;
  readonly samples: number;
  /** Time of the first sample. */
  readonly firstMs: number;
  readonly labels: LabelPairs;
  readonly nowMs: number;
}

/** What to expect, before anything is written. */
export function renderPrediction({ stepMs }: SamplePlan, series: number, samples: number): string {
  return `about ${numberText(series)} series every ${formatDuration(stepMs)}: about ${numberText(samples)} samples\n`;
}

/** Ends with the commands that load the files. */
export function renderFilesSummary(summary: BackfillSummary, folder: string, written: readonly WrittenFile[]): string {
  const bytes = written.reduce((sum, one) => sum + one.bytes, 0);
  return `${headText(summary)}  files     ${written.length}, one per day (UTC), ${sizeText(bytes)}: ${folder}
${labelsText(summary)}
Load them into the data directory of Prometheus (its --storage.tsdb.path, here DATA):

  for file in ${quoteForShell(folder)}/mttr-exporter-*.om; do
    promtool tsdb create-blocks-from openmetrics --max-block-duration=24h "$file" DATA || break
  done

${retentionText(summary)}
A running Prometheus finds new blocks within a few minutes.
${recentText(summary)}`;
}

/** After samples were sent to a remote-write endpoint. */
export function renderRemoteWriteSummary(summary: BackfillSummary, endpoint: string): string {
  return `${headText(summary)}  sent to   ${endpoint}
${labelsText(summary)}
${retentionText(summary)}
Mimir and VictoriaMetrics have retention settings of their own.
`;
}

/** What one has to know of the period to read the result correctly; empty when there is nothing. */
export function renderNotes(
  plan: SamplePlan,
  { windows }: Config,
  coveredFromMs: (windowMs: number) => number,
): string {
  const omitted = windows.flatMap(({ name, ms }) => {
    const fromMs = coveredFromMs(ms);
    if (fromMs <= plan.fromMs) return [];
    const until = fromMs > plan.toMs ? '' : ` until ${timeText(fromMs)}`;
    return [`note: window ${name} omitted${until}: history too short (--partial includes it)\n`];
  });
  if (plan.stepMs <= LOOKBACK_MS) return omitted.join('');
  const step = formatDuration(plan.stepMs);
  const gaps = `note: a step of ${step} leaves gaps in graphs, unless Prometheus runs with --query.lookback-delta=${step}\n`;
  return `${omitted.join('')}${gaps}`;
}

/** One line of a terminal, overwritten by the next. */
export function renderProgress(done: number, days: number): string {
  return `\rday ${done} of ${days}${done < days ? '' : '\n'}`;
}

/** ISO 8601, UTC, without zero milliseconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function headText({ plan, series, samples }: BackfillSummary): string {
  return `${timeText(plan.fromMs)} to ${timeText(plan.toMs)}, every ${formatDuration(plan.stepMs)}
  series    ${numberText(series)}
  samples   ${numberText(samples)}
`;
}

function labelsText({ labels }: BackfillSummary): string {
  const pairs = labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return `  labels    ${pairs} added to each series; they must be the
            ones that your scrape adds (--label), else live series do not continue these
`;
}

function retentionText({ firstMs, nowMs }: BackfillSummary): string {
  const days = Math.ceil((nowMs - firstMs) / DAY_MS) + 1;
  return `Start Prometheus with --storage.tsdb.retention.time=${days}d or more: it deletes older samples at once, and its default is 15d.`;
}

function recentText({ plan, nowMs }: BackfillSummary): string {
  if (plan.toMs <= nowMs - HEAD_MS) return '';
  return `\nWarning: these files contain samples of the last ${formatDuration(HEAD_MS)}. When a Prometheus with such blocks starts, it drops
everything that it scraped before their end. Load them only into a Prometheus that has no data of its own yet.\n`;
}

function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

/** As a shell reads it back. */
function quoteForShell(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
