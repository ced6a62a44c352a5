import { durationText } from '../../config/durations.ts';
import type { Config } from '../../config/types.ts';
import { DAY_MS } from '../../model/time.ts';
import { sizeText, type Written } from './openmetrics-files.ts';
import { HEAD_MS, LOOKBACK_MS, type Plan } from './options.ts';

/** What a run did, for people. */
export interface Summary {
  readonly plan: Plan;
  readonly series: number;
  readonly samples: number;
  /** When the first sample was. */
  readonly firstMs: number;
  readonly added: readonly (readonly [name: string, value: string])[];
  readonly nowMs: number;
}

/** What will come, before anything is written. */
export function predictionText(plan: Plan, { series, samples }: { series: number; samples: number }): string {
  return `about ${count(series, 'series')} every ${durationText(plan.stepMs)}: about ${count(samples, 'samples')}\n`;
}

/** Ends with the command lines that load the files. */
export function filesText(
  summary: Summary,
  { folder, written }: { folder: string; written: readonly Written[] },
): string {
  const bytes = written.reduce((sum, one) => sum + one.bytes, 0);
  const quotedFolder = shellWord(folder);
  return `${headText(summary)}  files     ${written.length}, one a day (UTC), ${sizeText(bytes)}: ${folder}
${labelsText(summary)}
Load them into the data directory of Prometheus (its --storage.tsdb.path, here DATA):

  for file in ${quotedFolder}/mttr-exporter-*.om; do
    promtool tsdb create-blocks-from openmetrics --max-block-duration=24h "$file" DATA || break
  done

${retentionText(summary)}
A running Prometheus sees new blocks within a few minutes.
${lateText(summary)}`;
}

/** After samples went to a receiver. */
export function pushedText(summary: Summary, receiver: string): string {
  return `${headText(summary)}  sent to   ${receiver}
${labelsText(summary)}
${retentionText(summary)}
Mimir and VictoriaMetrics have retentions of their own.
`;
}

export interface NotesInput {
  readonly plan: Plan;
  readonly config: Config;
  /** From when on a window of so many milliseconds is told. */
  readonly wholeFromMs: (windowMs: number) => number;
}

/** What of the period has to be known to read the result rightly; empty when there is nothing to say. */
export function notesText({ plan, config, wholeFromMs }: NotesInput): string {
  const late = config.windows.flatMap(({ name, ms }) => {
    const beginMs = wholeFromMs(ms);
    if (beginMs <= plan.fromMs) return [];
    const when = beginMs > plan.toMs ? 'not at all' : `from ${instant(beginMs)} on`;
    return [`note: window ${name} is told ${when}: before that it begins before history does (--partial tells it)\n`];
  });
  if (plan.stepMs <= LOOKBACK_MS) return late.join('');
  const step = durationText(plan.stepMs);
  const holes = `note: ${step} between samples leave holes in finer graphs, unless Prometheus has --query.lookback-delta=${step}\n`;
  return `${late.join('')}${holes}`;
}

/** One line of a terminal, written over by the next. */
export function progressText(done: number, days: number): string {
  return `\rday ${done} of ${days}${done < days ? '' : '\n'}`;
}

/** An instant without its milliseconds where it has none. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function headText({ plan, series, samples }: Summary): string {
  return `${instant(plan.fromMs)} to ${instant(plan.toMs)}, every ${durationText(plan.stepMs)}
  series    ${number(series)}
  samples   ${number(samples)}
`;
}

function labelsText({ added }: Summary): string {
  const pairs = added.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return `  labels    ${pairs} beside their own; they must be those that
            your scrape adds to the live series (--label), or the trend does not join them
`;
}

function retentionText({ firstMs, nowMs }: Summary): string {
  const days = Math.ceil((nowMs - firstMs) / DAY_MS) + 1;
  return `Prometheus must keep them: start it with --storage.tsdb.retention.time=${days}d or more, or it deletes what is older at
once (its default is 15d); more keeps the trend for longer.`;
}

function lateText({ plan, nowMs }: Summary): string {
  if (plan.toMs <= nowMs - HEAD_MS) return '';
  return `\nCareful: these files reach into the last ${durationText(HEAD_MS)}. When a Prometheus with such blocks starts, it drops everything
that it had received before their end. Load them only into a Prometheus that has no data of its own yet.\n`;
}

function count(value: number, what: string): string {
  return `${number(value)} ${what}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** As a shell reads it back. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
