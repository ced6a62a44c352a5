import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/types.ts';
import { DAY_MS } from '../model/time.ts';
import { findCoverage } from '../report/timeline.ts';
import { addedLabels, narrowed } from './backfill/choices.ts';
import { openMetricsText } from './backfill/openmetrics-text.ts';
import { countInstants, daysOf, type Plan, planOf } from './backfill/plan.ts';
import { backfillFlags, type Request, readRequest } from './backfill/request.ts';
import { instant, notesText, predictionText, progressText } from './backfill/summary.ts';
import { countSamples, type PastSeries } from './backfill/table.ts';
import { type OpenTarget, openTarget } from './backfill/target.ts';
import { openTelling, type TellingInput } from './backfill/telling.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse } from './command.ts';
import type { HistorySource } from './history-source.ts';
import { configurationOf, readHistory } from './reading.ts';

/** Platforms are asked so much further back than the windows reach: what was opened before may be the longest recovery. */
const MARGIN_MS = 30 * DAY_MS;

/** The gauges of the past, so that a new Prometheus shows the trend of the history on its first day. */
export const backfill: OneShot = {
  name: 'backfill',
  description: 'the gauges of the past, as files for promtool or by remote write',
  examples: [
    ['backfill --output-directory=history', '90 days every 5 minutes, as OpenMetrics files; says how to load them'],
    ['backfill --from=365d --by=severity --window=30d --output-directory=history', 'a year of less'],
    ['backfill --remote-write=http://localhost:9090/api/v1/write', 'to a Prometheus, Mimir or VictoriaMetrics'],
  ],
  flags: backfillFlags,
  run,
};

async function run({ values }: Asked, surroundings: Surroundings): Promise<number> {
  const request = readRequest(values);
  const { config, plan: asked } = readPlan(request, surroundings);
  const added = addedLabels(request.label);
  const target = openTarget(request, surroundings);
  try {
    const source = await readSource({ request, config, surroundings }, asked);
    try {
      const plan = withinHistory(asked, source);
      const telling = { source, config, added, isPartial: request.partial };
      const done = await tellAll({ request, plan, telling, target, surroundings });
      surroundings.output.write(done);
      return 0;
    } finally {
      source.close();
    }
  } finally {
    await target.close();
  }
}

/** A file that cannot be read is a wrong configuration too. */
function readPlan(request: Request, surroundings: Surroundings): { config: Config; plan: Plan } {
  const nowMs = surroundings.clock.nowMs();
  const whole = configurationOf(request['config.file'], { surroundings, isQuiet: request.quiet });
  const config = narrowed(whole, { by: request.by, windows: request.window });
  const isPushed = 'url' in request.target;
  return {
    config,
    plan: planOf({
      from: request.from,
      to: request.to,
      step: request.step,
      isPushed,
      nowMs,
      timezone: config.timezone,
    }),
  };
}

interface Reading {
  readonly request: Request;
  readonly config: Config;
  readonly surroundings: Surroundings;
}

async function readSource({ request, config, surroundings }: Reading, plan: Plan): Promise<HistorySource> {
  const largestMs = Math.max(...config.windows.map(({ ms }) => ms));
  const retentionMs = surroundings.clock.nowMs() - plan.fromMs + largestMs + MARGIN_MS;
  return readHistory(config, Math.max(config.historyMs, retentionMs), { surroundings, isQuiet: request.quiet });
}

/** The part of a plan that there is history for; throws WrongUse when there is none. */
function withinHistory(plan: Plan, { history }: HistorySource): Plan {
  const reaches = history.providers.map(findCoverage).filter((reach) => reach !== undefined);
  if (reaches.length === 0) throw new Error('no provider has finished its first sync: there is no history yet');
  const startMs = Math.min(...reaches.map(({ historyStartMs }) => historyStartMs));
  const readMs = Math.max(...reaches.map(({ readUntilMs }) => readUntilMs));
  const within = { ...plan, fromMs: Math.max(plan.fromMs, startMs), toMs: Math.min(plan.toMs, readMs) };
  if (within.fromMs < within.toMs) return within;
  throw new WrongUse(
    `--from: the period ${instant(plan.fromMs)} to ${instant(plan.toMs)} is outside of the history, ` +
      `which is from ${instant(startMs)} to ${instant(readMs)}`,
  );
}

interface Running {
  readonly request: Request;
  readonly plan: Plan;
  readonly telling: TellingInput;
  readonly target: OpenTarget;
  readonly surroundings: Surroundings;
}

/** Tells day by day; resolves with the text for people. */
async function tellAll({ request, plan, telling: input, target, surroundings }: Running): Promise<string> {
  const { errors, clock } = surroundings;
  const say = (text: string) => void (request.quiet ? undefined : errors.write(text));
  const predicted = predict(plan, input);
  say(predictionText(plan, predicted));
  target.checkRoom(predicted.bytes);
  const telling = openTelling(input);
  say(notesText({ plan, config: input.config, wholeFromMs: (windowMs) => telling.wholeFromMs(windowMs) }));
  const days = daysOf(plan);
  const series = new Set<PastSeries>();
  let samples = 0;
  let firstMs: number | undefined;
  for (const [place, instantsMs] of days.entries()) {
    const families = telling.tell(instantsMs);
    await target.sink({ families, instantsMs });
    for (const one of families) for (const each of one.series) series.add(each);
    if (families.length > 0) firstMs ??= instantsMs[0];
    samples += countSamples(families);
    if (errors.isTTY === true) say(progressText(place + 1, days.length));
    // Between two files a signal gets its turn: Ctrl-C does not wait for years of days.
    await nextTurn();
  }
  const nowMs = clock.nowMs();
  return target.text({ plan, samples, series: series.size, firstMs: firstMs ?? plan.toMs, added: input.added, nowMs });
}

/** From what there is at the end of the period, where most groups exist. */
function predict(plan: Plan, input: TellingInput): { series: number; samples: number; bytes: number } {
  const telling = openTelling({ ...input, isPartial: true });
  const families = telling.tell([plan.toMs]);
  const series = countSamples(families);
  const instants = countInstants(plan);
  const text = [...openMetricsText(families, [plan.toMs])].join('');
  return { series, samples: series * instants, bytes: Buffer.byteLength(text) * instants };
}
