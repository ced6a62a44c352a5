import type { RecoveryLimits } from '../../config/types.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import type { Page, StoredState } from '../../model/poll.ts';
import { findExclusion, toAlertId } from '../alerts.ts';
import type { PollRequest } from '../provider.ts';
import type { AlertApi } from './api.ts';
import { encodeProgress, type Progress, resumeProgress } from './cursor.ts';
import { type EndedAlert, type Grid, type SampledRange, type TrackedAlert, trackAlerts } from './track-alerts.ts';

/** Prometheus answers no query of more than 11,000 points (web/api/v1, "exceeded maximum resolution"). */
const POINTS_MAX = 10_000;
/** The first range of a poll, before it is known how many alerts fire at a time. */
const POINTS_FIRST = 1000;
/** Samples that one answer may hold: some 6 MB, which are parsed at once. */
const SAMPLES_MAX = 300_000;
/** Of one range and the next one: more alerts may fire there. */
const GROWTH_MAX = 4;

export interface AlertPoll {
  readonly api: AlertApi;
  readonly grid: Grid;
  readonly limits: RecoveryLimits;
  /** What the configuration makes of series besides mappings; when it changes, the history is read again. */
  readonly readWith: readonly string[];
  /** `up_selector` has found nothing so far. */
  readonly onNoUp: () => void;
}

/** Reads from where the last poll ended up to now, in ranges of the grid; each range is a page. */
export async function* pollSeries(request: PollRequest, poll: AlertPoll): AsyncGenerator<Page> {
  const { nowMs, signal } = request;
  const { api, grid, readWith } = poll;
  const { stepMs } = grid;
  const untilMs = Math.floor(nowMs / stepMs) * stepMs;
  let progress = resumeProgress({ ...request, stepMs, readWith });
  const seen = createSeenIncidents(request.stored);
  let points = POINTS_FIRST;
  for (;;) {
    // On the grid, though another one was configured before; within one step the newest instant is read again.
    const fromMs = Math.min(untilMs, Math.ceil((progress.state.readToMs + 1) / stepMs) * stepMs);
    const toMs = Math.min(untilMs, fromMs + (points - 1) * stepMs);
    const range = await api.read({ fromMs, toMs, stepMs }, signal);
    points = nextPoints(range, points, stepMs);
    const isNew = toMs > progress.state.readToMs;
    const content = isNew ? await readRange(progress, range, poll, seen) : { progress, incidents: [], rejected: [] };
    progress = content.progress;
    const isLast = toMs >= untilMs;
    if (isLast && progress.state.lastUpMs === undefined) poll.onNoUp();
    yield {
      incidents: content.incidents,
      rejected: content.rejected,
      stateChanges: [],
      deletedIds: [],
      replacedSubjects: [],
      cursor: encodeProgress(progress),
      ...(isLast ? { complete: { polledUntilMs: nowMs, historyStartMs: findHistoryStart(progress) } } : {}),
    };
    if (isLast) return;
  }
}

/** History begins where Prometheus' data do: what it has deleted is not known. */
function findHistoryStart({ firstPollMs, state: { dataStartMs } }: Progress): number {
  return Math.min(firstPollMs, dataStartMs ?? firstPollMs);
}

function nextPoints({ alerts, fromMs, toMs }: SampledRange, points: number, stepMs: number): number {
  let samples = 0;
  for (const { firingMs, activeSinceMs } of alerts.values()) samples += Math.max(firingMs.length, activeSinceMs.size);
  const density = samples / ((toMs - fromMs) / stepMs + 1);
  const fitting = density === 0 ? POINTS_MAX : Math.floor(SAMPLES_MAX / density);
  return Math.max(1, Math.min(POINTS_MAX, points * GROWTH_MAX, fitting));
}

interface RangeContent {
  readonly progress: Progress;
  readonly incidents: readonly Incident[];
  readonly rejected: readonly Rejection[];
}

async function readRange(
  progress: Progress,
  range: SampledRange,
  { grid, limits }: AlertPoll,
  seen: SeenIncidents,
): Promise<RangeContent> {
  const { state, ended } = trackAlerts(progress.state, range, grid);
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [];
  const isBegun = (subject: string, alert: TrackedAlert) => {
    const before = progress.state.alerts.get(subject);
    return before === undefined || before.firstMs !== alert.firstMs;
  };
  const isStored = (alert: TrackedAlert) => (alert.firstMs ?? alert.lastMs) <= (progress.storedToMs ?? 0);
  const adopt = async (subject: string, alert: TrackedAlert, untilMs: number) =>
    isBegun(subject, alert) && isStored(alert) ? seen.adopt(subject, alert, untilMs) : alert;
  const add = (subject: string, alert: TrackedAlert, end?: EndedAlert) => {
    const { firstMs } = alert;
    if (firstMs === undefined) {
      // Once, when it is found.
      if (isBegun(subject, alert)) rejected.push(rejectUnknownStart(subject, state.dataStartMs));
      return;
    }
    const incident = toIncident(subject, { ...alert, firstMs }, limits, end);
    incidents.push(incident);
    seen.add(incident);
  };
  for (const end of ended) add(end.subject, await adopt(end.subject, end.alert, end.endedAtMs), end);
  const alerts = new Map<string, TrackedAlert>();
  for (const [subject, alert] of state.alerts) {
    const known = await adopt(subject, alert, Number.POSITIVE_INFINITY);
    alerts.set(subject, known);
    if (isBegun(subject, alert)) add(subject, known);
  }
  return { progress: { ...progress, state: { ...state, alerts } }, incidents, rejected };
}

/** Incidents that are stored, or were found by this poll. */
interface SeenIncidents {
  add(incident: Incident): void;
  /** The alert with the start of the stored incident that it overlaps: another resolution may find another one. */
  adopt(subject: string, alert: TrackedAlert, untilMs: number): Promise<TrackedAlert>;
}

function createSeenIncidents(stored: StoredState): SeenIncidents {
  const found = new Set<string>();
  return {
    add: ({ id }) => void found.add(id),
    async adopt(subject, alert, untilMs) {
      const fromMs = alert.firstMs ?? alert.lastMs;
      const known = (await stored.bySubject([subject])).get(subject) ?? [];
      const same = known.find(
        ({ id, triggeredAtMs, resolvedAtMs = Number.POSITIVE_INFINITY }) =>
          id === toAlertId(subject, triggeredAtMs) &&
          !found.has(id) &&
          triggeredAtMs < untilMs &&
          resolvedAtMs > fromMs,
      );
      return same === undefined ? alert : { ...alert, firstMs: same.triggeredAtMs };
    },
  };
}

function rejectUnknownStart(subject: string, dataStartMs: number | undefined): Rejection {
  const detail = 'it fired already where the data of Prometheus begin';
  return { key: `${subject} before ${dataStartMs}`, reason: 'start_unknown', detail };
}

function toIncident(
  subject: string,
  { fields, firstMs, startedAtMs }: TrackedAlert & { readonly firstMs: number },
  limits: RecoveryLimits,
  end?: Pick<EndedAlert, 'endedAtMs' | 'isEndUnknown'>,
): Incident {
  const resolvedAtMs = end?.endedAtMs;
  const isKnown = end !== undefined && !end.isEndUnknown;
  const exclusion = isKnown ? findExclusion(end.endedAtMs - firstMs, limits) : undefined;
  return {
    id: toAlertId(subject, firstMs),
    subject,
    ...fields,
    status: end === undefined ? 'triggered' : 'resolved',
    startedAtMs,
    triggeredAtMs: firstMs,
    resolvedAtMs,
    endKnownFrom: isKnown ? 'sampled' : undefined,
    exclusion: end?.isEndUnknown === true ? 'expired' : exclusion,
    intervals: [{ openedAtMs: firstMs, closedAtMs: resolvedAtMs }],
    merged: false,
    fingerprint: subject,
    updatedAtMs: resolvedAtMs ?? firstMs,
  };
}
