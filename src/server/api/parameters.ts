import { z } from 'zod';
import { DURATION_MAX_MS, parseDuration } from '../../config/durations.ts';
import { GROUPINGS } from '../../config/types.ts';
import { type ParameterError, wrongParameters } from './problem.ts';

/** Longest value of a parameter in characters; labels are cut at 128. */
const VALUE_LENGTH_MAX = 512;
/** Most incidents on one page. */
export const LIMIT_MAX = 1000;
const LIMIT_USUAL = 100;
/** There are never so many providers. */
const FAILURES_MAX = 1000;

function text(description: string) {
  const tooLong = `is too long; expected ${VALUE_LENGTH_MAX} characters or fewer`;
  return z
    .string('is no text; expected one')
    .min(1, 'is empty; expected a value, or no such parameter')
    .max(VALUE_LENGTH_MAX, tooLong)
    .optional()
    .describe(description);
}

const labels = {
  service: text('Only this service'),
  severity: text('Only this severity'),
  team: text('Only this team'),
  provider: text('Only this provider'),
};

const window = text('One of the configured windows; all of them without it');
const by = z
  .enum(GROUPINGS, `is no grouping; expected one of ${GROUPINGS.join(' ')}`)
  .optional()
  .describe('Only rows of this grouping; it has to be configured');
const wholeNumber = (description: string, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, `is no whole number; expected one up to ${most}`)
    .transform(Number)
    .pipe(z.int().min(1, 'is too small; expected 1 or more').max(most, `is too large; expected ${most} or less`))
    .default(LIMIT_USUAL)
    .describe(description);

/** No parameters at all. */
export const NoQuestion = z.strictObject({});

/** Which rows of the statistics are wanted. */
export const StatisticsQuestion = z.strictObject({ window, by, ...labels });
export type StatisticsQuestion = z.infer<typeof StatisticsQuestion>;

const TIMES = 'a span before now such as 30d, a day such as 2026-01-31, or an instant such as 2026-01-31T08:00:00Z';

/** Which incidents are wanted. */
export const IncidentsQuestion = z.strictObject({
  ...labels,
  status: z
    .enum(['open', 'resolved'], 'is neither; expected open or resolved')
    .optional()
    .describe(
      'Only those that are open, or only those that are resolved; deleted, merged, expired and flaky ones are neither',
    ),
  from: text(`Only those triggered since: ${TIMES}`),
  to: text('Only those triggered until: now, a day or an instant'),
  limit: wholeNumber('Incidents on a page', LIMIT_MAX),
  cursor: text('next_cursor of the page before'),
});
export type IncidentsQuestion = z.output<typeof IncidentsQuestion>;

/** Which number is to be explained; as the command `explain` has them. */
export const ExplainQuestion = z.strictObject({
  series: text('A series as Prometheus shows it, instead of statistic, window and labels'),
  statistic: text(
    'mttr (the usual), mtta, p95, stddev, resolved, within_target, free and so on, or the name of a metric',
  ),
  window: text('A span until where the providers were read; 30d without it'),
  from: text(`Instead of a window: ${TIMES}`),
  to: text('now, a day (to its end) or an instant'),
  ...labels,
  limit: wholeNumber('Incidents that are listed', LIMIT_MAX),
});
export type ExplainQuestion = z.output<typeof ExplainQuestion>;

const SCOPE = /^(all|stale|last-.+)$/;
const SCOPE_EXPECTED = 'expected all, stale, or last- with a span such as last-90d';
const scope = z
  .string(`is missing; ${SCOPE_EXPECTED}`)
  .regex(SCOPE, `is no scope; ${SCOPE_EXPECTED}`)
  .refine((word) => !word.startsWith('last-') || isSpan(word.slice('last-'.length)), `is no scope; ${SCOPE_EXPECTED}`)
  .describe(
    'all: the configured history; stale: that of providers without a successful poll for three intervals; last-90d: what was created since',
  );

/** What is to be read again, in the body. */
export const RefreshRequest = z.strictObject(
  {
    scope,
    dry_run: z
      .boolean('is neither; expected true or false')
      .default(false)
      .describe('Asks and compares, and writes nothing'),
    max_failures: z
      .int('is no whole number; expected one, 0 for no limit')
      .min(0, 'is negative; expected 0 or more')
      .max(FAILURES_MAX, `is too large; expected ${FAILURES_MAX} or less`)
      .default(0)
      .describe('When so many providers have failed the others are ended; 0: never'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'is no JSON object; expected one' : undefined) },
);
export type RefreshRequest = z.output<typeof RefreshRequest>;

/** How far back a scope reaches in milliseconds; undefined for the configured history. */
export function spanOf(word: string): number | undefined {
  return word.startsWith('last-') ? parseDuration(word.slice('last-'.length)) : undefined;
}

function isSpan(word: string): boolean {
  const ms = parseDuration(word);
  return ms !== undefined && ms > 0 && ms <= DURATION_MAX_MS;
}

/** Checks values against a schema; throws a RequestProblem that names each wrong one. */
export function parseParameters<Schema extends z.ZodObject>(schema: Schema, values: unknown): z.output<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape);
  throw wrongParameters(parsed.error.issues.flatMap((issue) => toErrors(issue, names)));
}

function toErrors(issue: z.core.$ZodIssue, names: readonly string[]): ParameterError[] {
  if (issue.code !== 'unrecognized_keys') {
    const name = issue.path.length === 0 ? 'body' : String(issue.path[0]);
    return [{ name, reason: issue.message }];
  }
  const expected = names.length === 0 ? 'expected none' : `expected ${names.join(', ')}`;
  return issue.keys.map((name) => ({
    name: name.slice(0, VALUE_LENGTH_MAX),
    reason: `is no parameter here; ${expected}`,
  }));
}

/** The parameters of a query by their names; throws a RequestProblem when one is there twice. */
export function readQuery(query: URLSearchParams): Record<string, string> {
  const names = [...new Set(query.keys())];
  const twice = names.filter((name) => query.getAll(name).length > 1);
  if (twice.length > 0) {
    throw wrongParameters(twice.map((name) => ({ name, reason: 'is given more than once; expected it once' })));
  }
  return Object.fromEntries(query);
}

/** Words of a query as JSON has them, where the body could stand instead: `true`, `false` and whole numbers. */
export function fromWords(query: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, word]) => [name, fromWord(word)]));
}

function fromWord(word: string): unknown {
  if (word === 'true' || word === 'false') return word === 'true';
  return /^[0-9]{1,9}$/.test(word) ? Number(word) : word;
}
