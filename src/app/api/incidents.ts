import { hash } from 'node:crypto';
import { z } from 'zod';
import type { LabelMapper } from '../../config/label-mapper.ts';
import type { Config } from '../../config/types.ts';
import { formatIsoTime } from '../../model/format.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary, isCountable, recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import {
  createDeploymentIndex,
  type DeploymentIndex,
  findDeploymentBefore,
} from '../../report/dora/deployments-before.ts';
import { hasDeployments } from '../../report/dora/dora-input.ts';
import { findApiExclusion } from '../../report/exclusion.ts';
import { selectLabels } from '../../report/filter.ts';
import { toIncidentJson } from '../../report/incident-json.ts';
import { parsePeriod } from '../../report/period.ts';
import type { IncidentsQuery } from '../../server/api/queries.ts';
import type { IncidentResponse, IncidentsResponse } from '../../server/api/schemas.ts';
import { invalidParameters, type RequestProblem } from '../../server/responses.ts';
import type { IncidentDetails, StoreSnapshot } from '../../store/snapshot.ts';

export interface IncidentsInput {
  readonly config: Config;
  readonly history: StoreSnapshot;
  readonly labelMappers: ReadonlyMap<string, LabelMapper>;
  readonly nowMs: number;
}

/**
 * One page of the incidents that a query selects, most recently triggered first; incidents that arrive between two pages
 * move none of the others. Throws an InputError or a RequestProblem for a query that cannot be answered.
 */
export function listIncidents(input: IncidentsInput, query: IncidentsQuery): IncidentsResponse {
  const { history } = input;
  const { limit, cursor, ...filter } = query;
  const after = cursor === undefined ? undefined : parseCursor(cursor, filter);
  const { fromMs, toMs } = toPeriod(input, query);
  const hasLabels = createLabelFilter(input, query);
  const newest = createTopList(limit + 1);
  const visit = (incident: IncidentSummary) => {
    if (incident.triggeredAtMs <= fromMs || incident.triggeredAtMs > toMs) return;
    if (after !== undefined && !isAfter(incident, after)) return;
    if (hasLabels(incident.dimensionsRow) && hasStatus(incident, query.status)) newest.add(incident);
  };
  if (query.id !== undefined) for (const { stored } of history.find(query.id)) visit(stored);
  // Whatever was triggered later has not ended before.
  else history.each(visit, fromMs);
  const found = newest.positions();
  const last = found[limit - 1];
  const hasMore = found.length > limit && last !== undefined;
  const deployments = hasDeployments(input.config) ? createDeploymentIndex(history) : undefined;
  const incidents = found.slice(0, limit).flatMap(({ row }) => readIncident(input, row, deployments));
  return { incidents, ...(hasMore ? { next_cursor: formatCursor(last, filter) } : {}) };
}

function toPeriod({ config: { timezone }, nowMs }: IncidentsInput, { from, to }: IncidentsQuery) {
  const all = { fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER };
  if (from === undefined && to === undefined) return all;
  // Without a start any duration will do that is longer than all history.
  const period = parsePeriod({ from: from ?? '10000d', to: to ?? 'now', nowMs, timezone });
  return { fromMs: from === undefined ? all.fromMs : period.fromMs, toMs: to === undefined ? all.toMs : period.toMs };
}

function createLabelFilter(
  { config, history }: IncidentsInput,
  query: IncidentsQuery,
): (dimensionsRow: number) => boolean {
  const { labels: wanted, errors } = selectLabels(query, {
    // Collecting all names is left to queries that name one.
    get services() {
      return new Set(history.names().map(({ service }) => service));
    },
    get teams() {
      return new Set(history.names().map(({ team }) => team));
    },
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  if (errors.length > 0) throw invalidParameters(errors);
  const results = new Map<number, boolean>();
  return (dimensionsRow) => {
    const known = results.get(dimensionsRow);
    if (known !== undefined) return known;
    const labels = new Map<string, unknown>(Object.entries(history.labels(dimensionsRow) ?? {}));
    const result = wanted.every(([name, value]) => labels.get(name) === value);
    results.set(dimensionsRow, result);
    return result;
  };
}

function hasStatus({ resolvedAtMs, flags }: IncidentSummary, status: IncidentsQuery['status']): boolean {
  if (status === undefined) return true;
  // Deleted, expired, flaky and merged ones are neither.
  if (!isCountable(flags) || (flags & FLAGS.merged) !== 0) return false;
  return (resolvedAtMs === undefined) === (status === 'open');
}

/** The position of an incident in the order of the list. */
interface ListPosition {
  readonly triggeredAtMs: number;
  /** Its row in the store. */
  readonly row: number;
}

/** Later triggers come first; at the same time those that reached the store later. */
function isAfter(one: ListPosition, other: ListPosition): boolean {
  if (one.triggeredAtMs !== other.triggeredAtMs) return one.triggeredAtMs < other.triggeredAtMs;
  return one.row < other.row;
}

/** Keeps the first `count` of all positions that are added; memory stays small however many there are. */
function createTopList(count: number) {
  let kept: ListPosition[] = [];
  const trim = () => {
    kept = kept.toSorted((one, other) => (isAfter(one, other) ? 1 : -1)).slice(0, count);
  };
  return {
    add: ({ triggeredAtMs, row }: ListPosition) => {
      kept.push({ triggeredAtMs, row });
      if (kept.length >= 4 * count) trim();
    },
    positions: (): readonly ListPosition[] => {
      trim();
      return kept;
    },
  };
}

const Cursor = z.tuple([z.int(), z.int(), z.string()]);

/** The position after which the next page begins, with a digest of the query that it belongs to; opaque to clients. */
function formatCursor({ triggeredAtMs, row }: ListPosition, query: object): string {
  return Buffer.from(JSON.stringify([triggeredAtMs, row, digestQuery(query)])).toString('base64url');
}

/** Parses what `formatCursor` returned for the same query; throws a RequestProblem otherwise. */
function parseCursor(text: string, query: object): ListPosition {
  const [triggeredAtMs, row, digest] = decodeCursor(text);
  if (digest === digestQuery(query)) return { triggeredAtMs, row };
  throw invalidCursor('belongs to other parameters; repeat those of the page that it came with');
}

function decodeCursor(text: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw invalidCursor('invalid; expected next_cursor of the preceding page');
  }
}

function invalidCursor(reason: string): RequestProblem {
  return invalidParameters([{ name: 'cursor', reason }]);
}

function digestQuery(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return hash('sha256', JSON.stringify(given), 'base64url').slice(0, 8);
}

function readIncident(
  { history, labelMappers, config }: IncidentsInput,
  row: number,
  deployments: DeploymentIndex | undefined,
): IncidentResponse[] {
  const [details] = history.details([row]);
  const labels = details && history.labels(details.stored.dimensionsRow);
  const labelMapper = labelMappers.get(details?.provider ?? '');
  if (details === undefined || labels === undefined || labelMapper === undefined) return [];
  const response = toResponse(details, config, labels, labelMapper);
  const before = deployments && findDeploymentBefore(deployments, details, { history, labelMapper });
  return [before === undefined ? response : { ...response, deployment_before: before }];
}

/** Without the title, which may contain anything. */
function toResponse(
  details: IncidentDetails,
  config: Config,
  labels: IncidentLabels,
  labelMapper: LabelMapper,
): IncidentResponse {
  const { stored, incident } = details;
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const recovery = recoveryMs(stored, config.recovery);
  const { targetMs } = labels;
  const minutesAfterTrigger = (ms: number | undefined) => toMinutes(ms === undefined ? undefined : ms - triggeredAtMs);
  return {
    ...toIncidentJson(details, labels),
    updated_at: formatIsoTime(incident.updatedAtMs),
    recovery_minutes: toMinutes(recovery),
    acknowledgement_minutes: minutesAfterTrigger(acknowledgedAtMs),
    detection_minutes: toMinutes(startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs),
    identification_minutes: minutesAfterTrigger(identifiedAtMs),
    mitigation_minutes: minutesAfterTrigger(mitigatedAtMs),
    within_target: recovery === undefined || targetMs === undefined ? undefined : recovery <= targetMs,
    excluded: findApiExclusion(
      { flags: stored.flags, title: incident.title, recoveryMs: recovery },
      labels,
      labelMapper,
    ),
  };
}

function toMinutes(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MINUTE_MS;
}
