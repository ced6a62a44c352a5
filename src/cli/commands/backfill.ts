import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../../config/types.ts';
import { DAY_MS } from '../../model/time.ts';
import { findCoverage } from '../../report/timeline.ts';
import { countSamples, type GaugeReplayInput, openGaugeReplay, type ReplayedSeries } from '../backfill/gauge-replay.ts';
import { renderOpenMetrics } from '../backfill/openmetrics-files.ts';
import {
  backfillFlags,
  countTimes,
  externalLabels,
  groupByDay,
  readSamplePlan,
  type SamplePlan,
  selectRows,
} from '../backfill/options.ts';
import { type BackfillOutput, openOutput } from '../backfill/outputs.ts';
import { renderNotes, renderPrediction, renderProgress, timeText } from '../backfill/summary.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import { UsageError } from '../flags.ts';
import { type HistorySource, openHistorySource } from '../open-history.ts';

/** Platforms are read so much further back than windows: an incident opened before may be the longest recovery. */
const MARGIN_MS = 30 * DAY_MS;

/** Writes the gauges of the past, so that a new Prometheus shows the trend of the history on its first day. */
export const backfill = defineCommand({
  name: 'backfill',
  description: 'write the gauges of the past as files for promtool or by remote write',
  examples: [
    ['backfill --output-directory=history', '90 days every 5 minutes as OpenMetrics files; prints how to load them'],
    ['backfill --from=365d --by=severity --window=30d --output-directory=history', 'a year of one grouping and window'],
    ['backfill --remote-write=http://localhost:9090/api/v1/write', 'to a Prometheus, Mimir or VictoriaMetrics'],
  ],
  flags: backfillFlags,
  run,
});

async function run(args: ParsedArgs<typeof backfillFlags>, context: CommandContext): Promise<number> {
  const { labels: texts, partial: isPartial, quiet: isQuiet } = args.flags;
  const nowMs = context.clock.nowMs();
  const config = selectRows(configurationForHistory(args.flags, context), args.flags);
  const requested = readSamplePlan(args.flags, config.timezone, nowMs);
  const labels = externalLabels(texts);
  const output = openOutput(args.flags, context);
  try {
    const historyMs = neededHistoryMs(config, requested, nowMs);
    const source = await openHistorySource({ config, historyMs, isQuiet }, context);
    try {
      const plan = clampToHistory(requested, source);
      const stderr = isQuiet ? { write: () => undefined } : context.stderr;
      const replayed = { source, config, labels, isPartial };
      context.stdout.write(await replayAll(plan, replayed, output, { ...context, stderr }));
      return 0;
    } finally {
      source.close();
    }
  } finally {
    await output.close();
  }
}

function neededHistoryMs({ windows, historyMs }: Config, { fromMs }: SamplePlan, nowMs: number): number {
  const largestMs = Math.max(...windows.map(({ ms }) => ms));
  return Math.max(historyMs, nowMs - fromMs + largestMs + MARGIN_MS);
}

/** The part of a plan that history covers; throws UsageError when there is none. */
function clampToHistory(plan: SamplePlan, { history }: HistorySource): SamplePlan {
  const reaches = history.providers.map(findCoverage).filter((reach) => reach !== undefined);
  if (reaches.length === 0) throw new Error('there is no history yet: the first sync of every provider is incomplete');
  const startMs = Math.min(...reaches.map(({ historyStartMs }) => historyStartMs));
  const endMs = Math.max(...reaches.map(({ readUntilMs }) => readUntilMs));
  const clamped = { ...plan, fromMs: Math.max(plan.fromMs, startMs), toMs: Math.min(plan.toMs, endMs) };
  if (clamped.fromMs < clamped.toMs) return clamped;
  throw new UsageError(
    '--from',
    `the period ${timeText(plan.fromMs)} to ${timeText(plan.toMs)} is outside the history, ` +
      `which is from ${timeText(startMs)} to ${timeText(endMs)}`,
  );
}

/** Writes day by day; resolves with the summary for people. */
async function replayAll(
  plan: SamplePlan,
  input: GaugeReplayInput,
  output: BackfillOutput,
  { stderr, clock }: CommandContext,
): Promise<string> {
  const predicted = predictSize(plan, input);
  stderr.write(renderPrediction(plan, predicted.series, predicted.samples));
  output.ensureSpace(predicted.bytes);
  const replay = openGaugeReplay(input);
  stderr.write(renderNotes(plan, input.config, (windowMs) => replay.coveredFromMs(windowMs)));
  const days = groupByDay(plan);
  const series = new Set<ReplayedSeries>();
  let samples = 0;
  let firstMs: number | undefined;
  for (const [index, timesMs] of days.entries()) {
    const families = replay.replay(timesMs);
    await output.write({ families, timesMs });
    for (const one of families) for (const each of one.series) series.add(each);
    if (families.length > 0) firstMs ??= timesMs[0];
    samples += countSamples(families);
    if (stderr.isTTY === true) stderr.write(renderProgress(index + 1, days.length));
    // Signals are handled between two days: Ctrl-C does not wait for years of them.
    await nextTurn();
  }
  const { labels } = input;
  const nowMs = clock.nowMs();
  return output.renderSummary({ plan, samples, series: series.size, firstMs: firstMs ?? plan.toMs, labels, nowMs });
}

/** From the end of the period, where most groups exist. */
function predictSize(plan: SamplePlan, input: GaugeReplayInput): { series: number; samples: number; bytes: number } {
  const families = openGaugeReplay({ ...input, isPartial: true }).replay([plan.toMs]);
  const series = countSamples(families);
  const times = countTimes(plan);
  const text = [...renderOpenMetrics(families, [plan.toMs])].join('');
  return { series, samples: series * times, bytes: Buffer.byteLength(text) * times };
}
