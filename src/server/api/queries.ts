import { z } from 'zod';
import { DURATION_MAX_MS, parseDuration } from '../../config/durations.ts';
import { GROUPINGS } from '../../config/types.ts';
import { DEPLOYMENT_OUTCOMES } from '../../model/deployment.ts';
import { DORA_GROUPINGS } from '../../stats/dora/rows.ts';
import { invalidParameters, type ParameterError } from '../responses.ts';

/** Longest value of a parameter in characters; labels are cut at 128. */
const VALUE_LENGTH_MAX = 512;
/** Most incidents on one page. */
export const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;
/** No configuration has so many providers. */
const FAILURES_MAX = 1000;

function text(description: string) {
  const tooLong = `too long; expected ${VALUE_LENGTH_MAX} characters or fewer`;
  return z
    .string('expected a string')
    .min(1, 'must not be empty')
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

const window = text('One of the configured windows; without it all of them');
const by = z
  .enum(GROUPINGS, `unknown grouping; expected one of ${GROUPINGS.join(', ')}`)
  .optional()
  .describe('Only rows of this grouping; it has to be configured');
const wholeNumber = (description: string, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, `expected a whole number up to ${most}`)
    .transform(Number)
    .pipe(z.int().min(1, 'must be 1 or more').max(most, `must be ${most} or less`))
    .default(LIMIT_DEFAULT)
    .describe(description);

/** No parameters at all. */
export const NoParameters = z.strictObject({});

/** The provider that a path names. */
export const ProviderPath = z.strictObject({
  name: z.string().max(VALUE_LENGTH_MAX, 'too long').describe('The name of a provider, as configured'),
});

/** Which rows of the statistics to return. */
export const StatisticsQuery = z.strictObject({ window, by, ...labels });
export type StatisticsQuery = z.infer<typeof StatisticsQuery>;

const TIMES = 'a duration before now such as 30d, a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z';

/** Which rows of the statistics of deployments to return. */
export const DoraQuery = z.strictObject({
  window,
  by: z
    .enum(DORA_GROUPINGS, `unknown grouping; expected one of ${DORA_GROUPINGS.join(', ')}`)
    .optional()
    .describe('Only rows of this grouping'),
  service: labels.service,
  team: labels.team,
  provider: labels.provider,
});
export type DoraQuery = z.infer<typeof DoraQuery>;

const DEPLOYMENT_STATES = [...DEPLOYMENT_OUTCOMES, 'running'] as const;

/** Which deployments to return. */
export const DeploymentsQuery = z.strictObject({
  service: labels.service,
  team: labels.team,
  provider: labels.provider,
  environment: text('Only this environment, by its configured name'),
  outcome: z
    .enum(DEPLOYMENT_STATES, `expected one of ${DEPLOYMENT_STATES.join(', ')}`)
    .optional()
    .describe('Only deployments that ended so, or that still run'),
  from: text(`Only those started after: ${TIMES}`),
  to: text('Only those started until: now, a day or a time'),
  limit: wholeNumber('Deployments on a page', LIMIT_MAX),
  cursor: text('next_cursor of the preceding page'),
});
export type DeploymentsQuery = z.output<typeof DeploymentsQuery>;

/** Which incidents to return. */
export const IncidentsQuery = z.strictObject({
  ...labels,
  id: text('Only the incident that a platform calls by this id: one at most of each provider'),
  status: z
    .enum(['open', 'resolved'], 'expected open or resolved')
    .optional()
    .describe('Only open or only resolved incidents; deleted, merged, expired and flaky ones are neither'),
  from: text(`Only those triggered after: ${TIMES}`),
  to: text('Only those triggered until: now, a day or a time'),
  limit: wholeNumber('Incidents on a page', LIMIT_MAX),
  cursor: text('next_cursor of the preceding page'),
});
export type IncidentsQuery = z.output<typeof IncidentsQuery>;

/** Which review to write: the incident that this provider calls by this id. */
export const PostmortemPath = z.strictObject({
  provider: z.string().describe('The provider of the incident'),
  id: z.string().describe('The id that the platform shows'),
});

/** The same in one of the two formats. */
export type PostmortemRequest = z.infer<typeof PostmortemPath> & { readonly format: 'json' | 'markdown' };

/** Which number to explain; the parameters mean what the flags of the command `explain` mean. */
export const ExplainQuery = z.strictObject({
  series: text('A series in PromQL notation, instead of statistic, window and labels'),
  statistic: text(
    'mttr (the default), mtta, p95, resolved, within_target, availability, error_budget and so on, or the name of a metric',
  ),
  window: text('A duration that ends with the last successful poll; 30d by default'),
  from: text(`Instead of a window: ${TIMES}`),
  to: text('now, a day (to its end) or a time'),
  ...labels,
  limit: wholeNumber('Incidents to list', LIMIT_MAX),
});
export type ExplainQuery = z.output<typeof ExplainQuery>;

const SCOPE = /^(all|stale|last-.+)$/;
const SCOPE_EXPECTED = 'expected all, stale, or last- with a duration such as last-90d';
const scope = z
  .string(`missing; ${SCOPE_EXPECTED}`)
  .regex(SCOPE, `unknown scope; ${SCOPE_EXPECTED}`)
  .refine(
    (scope) => !scope.startsWith('last-') || isDuration(scope.slice('last-'.length)),
    `unknown scope; ${SCOPE_EXPECTED}`,
  )
  .describe(
    'all: the configured history; stale: that of providers without a successful poll for three intervals; last-90d: what was created since',
  );

/** What to read again from the platforms. */
export const RefreshQuery = z.strictObject(
  {
    scope,
    dry_run: z.boolean('expected true or false').default(false).describe('Reads and compares, and writes nothing'),
    max_failures: z
      .int('expected a whole number, 0 for no limit')
      .min(0, 'must be 0 or more')
      .max(FAILURES_MAX, `must be ${FAILURES_MAX} or less`)
      .default(0)
      .describe('Cancels the rest when so many providers have failed; 0: never'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'expected a JSON object' : undefined) },
);
export type RefreshQuery = z.output<typeof RefreshQuery>;

/** How far back a scope reaches in milliseconds; undefined for the configured history. */
export function parseScopeMs(scope: string): number | undefined {
  return scope.startsWith('last-') ? parseDuration(scope.slice('last-'.length)) : undefined;
}

function isDuration(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms > 0 && ms <= DURATION_MAX_MS;
}

/** Checks values against a schema; throws a RequestProblem that names each invalid one. */
export function parseParameters<Schema extends z.ZodObject>(schema: Schema, values: unknown): z.output<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape);
  throw invalidParameters(parsed.error.issues.flatMap((issue) => toErrors(issue, names)));
}

function toErrors(issue: z.core.$ZodIssue, names: readonly string[]): ParameterError[] {
  if (issue.code !== 'unrecognized_keys') {
    const name = issue.path.length === 0 ? 'body' : String(issue.path[0]);
    return [{ name, reason: issue.message }];
  }
  const expected = names.length === 0 ? 'expected none' : `expected ${names.join(', ')}`;
  return issue.keys.map((name) => ({
    name: name.slice(0, VALUE_LENGTH_MAX),
    reason: `unknown parameter; ${expected}`,
  }));
}

/** The parameters of a query by their names; throws a RequestProblem when one is there more than once. */
export function parseQuery(text: string): Record<string, string> {
  const query = new URLSearchParams(text);
  const names = [...new Set(query.keys())];
  const repeated = names.filter((name) => query.getAll(name).length > 1);
  if (repeated.length === 0) return Object.fromEntries(query);
  throw invalidParameters(repeated.map((name) => ({ name, reason: 'given more than once; expected it once' })));
}

/** Values of a query as JSON has them, where the body could stand instead: `true`, `false` and whole numbers. */
export function toJsonValues(query: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, text]) => [name, toJsonValue(text)]));
}

function toJsonValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
}
