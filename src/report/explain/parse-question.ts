import { parseDuration } from '../../config/durations.ts';
import type { Config } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import { parsePeriod } from '../period.ts';
import { LABELS, type Label, type Question, type WantedLabels } from './question.ts';
import { parseSelector, parseStatistic, type Selected } from './selector.ts';
import { DESCRIBED } from './statistics.ts';

/** What may be asked, as it was typed; flags of the command and parameters of the API have these names. */
export interface QuestionInput extends Readonly<Partial<Record<Label, string | undefined>>> {
  /** A series as Prometheus shows it, instead of a statistic, a window and labels. */
  readonly series?: string | undefined;
  readonly statistic?: string | undefined;
  readonly window?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Incidents that are listed; all without it. */
  readonly limit?: number | undefined;
}

export interface QuestionContext {
  readonly config: Pick<Config, 'timezone'>;
  readonly nowMs: number;
}

/** Where neither a window nor a period is named. */
export const DEFAULT_WINDOW = '30d';

/** Makes a question of what was typed; throws an InputError that names the field. */
export function parseQuestion(input: QuestionInput, context: QuestionContext): Question {
  const { statistic, labels, by, window } = select(input);
  return { statistic, labels, by, ...parseSpan(input, window, context), limit: input.limit };
}

/** The series that is named, completed by the other fields; both may not say the same thing. */
function select(input: QuestionInput): Selected {
  const { series, statistic, window = input.from ?? input.to } = input;
  if (series === undefined) {
    const wanted = statistic === undefined ? 'mttr' : parseStatistic(statistic);
    return { statistic: wanted, labels: labelsOf(input, {}), by: undefined, window: input.window };
  }
  const selected = parseSelector(series);
  if (statistic !== undefined) throw twice('statistic', statistic, DESCRIBED[selected.statistic].word);
  if (selected.window !== undefined && window !== undefined) throw twice(windowField(input), window, selected.window);
  return { ...selected, window: selected.window ?? input.window, labels: labelsOf(input, selected.labels) };
}

function windowField({ window, from }: QuestionInput): string {
  if (window !== undefined) return 'window';
  return from === undefined ? 'to' : 'from';
}

function labelsOf(input: QuestionInput, selected: WantedLabels): WantedLabels {
  const given = LABELS.flatMap((label) => {
    const value = input[label];
    if (value === undefined) return [];
    if (selected[label] !== undefined) throw twice(label, value, selected[label]);
    return [[label, value] as const];
  });
  return { ...selected, ...Object.fromEntries(given) };
}

function twice(field: string, value: string, selected: string): InputError {
  const [here, there] = [value, selected].map((one) => JSON.stringify(one));
  return new InputError(field, `${here} is given, and ${there} by the series; expected one of the two`);
}

function parseSpan(
  { from, to }: QuestionInput,
  window: string | undefined,
  { config, nowMs }: QuestionContext,
): Pick<Question, 'window' | 'end'> {
  if (from === undefined && to === undefined) return { window: parseWindow(window ?? DEFAULT_WINDOW), end: 'read' };
  if (window !== undefined) {
    const other = from === undefined ? 'to' : 'from';
    throw new InputError('window', `cannot be combined with ${other}; expected one of the two`);
  }
  const asked = { from: from ?? DEFAULT_WINDOW, to: to ?? 'now' };
  const { spanMs, end } = parsePeriod({ ...asked, nowMs, timezone: config.timezone });
  return { window: { name: `${asked.from} to ${asked.to}`, ms: spanMs }, end };
}

function parseWindow(name: string): Question['window'] {
  const ms = parseDuration(name);
  if (ms === undefined || ms < 1) {
    throw new InputError('window', `${JSON.stringify(name)} is not a span; expected a duration such as 7d or 12h`);
  }
  return { name, ms };
}
