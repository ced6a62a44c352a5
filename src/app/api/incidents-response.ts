import type { Reader } from '../../config/label-mapper.ts';
import type { Config } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import { isKept, MARKS, type StoredIncident } from '../../model/stored.ts';
import { selectLabels } from '../../report/known-labels.ts';
import { parsePeriod } from '../../report/period.ts';
import type { IncidentAnswer, IncidentsAnswer } from '../../server/api/answers.ts';
import type { IncidentsQuestion } from '../../server/api/parameters.ts';
import { wrongParameters } from '../../server/api/problem.ts';
import type { History } from '../../store/history.ts';
import { type Place, readCursor, writeCursor } from './cursor.ts';
import { incidentResponse } from './incident-response.ts';
import { toRequestProblem } from './input-problem.ts';

export interface IncidentsInput {
  readonly config: Config;
  readonly history: History;
  readonly readers: ReadonlyMap<string, Reader>;
  readonly nowMs: number;
}

/** The incidents that are asked for, the one that was triggered last first; incidents that come meanwhile move no page. */
export function incidentsResponse(input: IncidentsInput, question: IncidentsQuestion): IncidentsAnswer {
  const { history } = input;
  const { limit, cursor, ...filter } = question;
  const after = cursor === undefined ? undefined : readCursor(cursor, filter);
  const period = periodOf(input, question);
  const isLabelled = labelCheck(input, question);
  const newest = createNewest(limit + 1);
  const visit = (incident: StoredIncident) => {
    if (incident.triggeredAtMs <= period.fromMs || incident.triggeredAtMs > period.toMs) return;
    if (after !== undefined && !isAfter(incident, after)) return;
    if (isLabelled(incident.facet) && hasStatus(incident, question.status)) newest.add(incident);
  };
  // Whatever was triggered later has not ended before.
  history.each(visit, period.fromMs);
  const found = newest.places();
  const last = found[limit - 1];
  const hasMore = found.length > limit && last !== undefined;
  const incidents = readAll(input, found.slice(0, limit));
  return { incidents, ...(hasMore ? { next_cursor: writeCursor(last, filter) } : {}) };
}

function periodOf({ config, nowMs }: IncidentsInput, { from, to }: IncidentsQuestion) {
  const whole = { fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER };
  if (from === undefined && to === undefined) return whole;
  try {
    const { timezone } = config;
    // Without a beginning any span will do that is longer than all history.
    const period = parsePeriod({ from: from ?? '10000d', to: to ?? 'now', nowMs, timezone });
    return {
      fromMs: from === undefined ? whole.fromMs : period.fromMs,
      toMs: to === undefined ? whole.toMs : period.toMs,
    };
  } catch (error) {
    throw error instanceof InputError ? toRequestProblem(error) : error;
  }
}

function labelCheck({ config, history }: IncidentsInput, question: IncidentsQuestion): (facet: number) => boolean {
  const { labels: wanted, errors } = selectLabels(question, {
    // Going over all names is left to questions that name one.
    get services() {
      return new Set(history.names().map(({ service }) => service));
    },
    get teams() {
      return new Set(history.names().map(({ team }) => team));
    },
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  if (errors.length > 0) throw wrongParameters(errors);
  const verdicts = new Map<number, boolean>();
  return (facet) => {
    const known = verdicts.get(facet);
    if (known !== undefined) return known;
    const labels = Object.entries(history.labels(facet) ?? {});
    const verdict = wanted.every(([name, value]) => labels.some((label) => label[0] === name && label[1] === value));
    verdicts.set(facet, verdict);
    return verdict;
  };
}

function hasStatus({ resolvedAtMs, marks }: StoredIncident, status: IncidentsQuestion['status']): boolean {
  if (status === undefined) return true;
  // Deleted, expired, flaky and merged ones are neither.
  if (!isKept(marks) || (marks & MARKS.merged) !== 0) return false;
  return (resolvedAtMs === undefined) === (status === 'open');
}

/** Later triggers stand first; of one instant those that came to the store later. */
function isAfter(one: Place, other: Place): boolean {
  if (one.triggeredAtMs !== other.triggeredAtMs) return one.triggeredAtMs < other.triggeredAtMs;
  return one.row < other.row;
}

/** Keeps the first `most` of all places that are added; memory stays small however many come. */
function createNewest(most: number) {
  let kept: Place[] = [];
  const trim = () => {
    kept = kept.toSorted((one, other) => (isAfter(one, other) ? 1 : -1)).slice(0, most);
  };
  return {
    add: ({ triggeredAtMs, row }: Place) => {
      kept.push({ triggeredAtMs, row });
      if (kept.length >= 4 * most) trim();
    },
    places: (): readonly Place[] => {
      trim();
      return kept;
    },
  };
}

function readAll({ history, readers, config }: IncidentsInput, places: readonly Place[]): IncidentAnswer[] {
  return places.flatMap(({ row }) => {
    const [recorded] = history.recorded([row]);
    const labels = recorded && history.labels(recorded.stored.facet);
    const reader = readers.get(recorded?.provider ?? '');
    if (recorded === undefined || labels === undefined || reader === undefined) return [];
    return [incidentResponse(recorded, { config, labels, reader })];
  });
}
