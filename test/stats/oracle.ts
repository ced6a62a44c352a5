import type { Grouping, Stage } from '../../src/config/types.ts';
import {
  FLAGS,
  type IncidentLabels,
  type IncidentSummary,
  isCountable,
  type RecoveryRules,
} from '../../src/model/stored.ts';
import { createBusinessTime } from '../../src/stats/business-hours.ts';
import type { StatisticsSettings } from '../../src/stats/rows.ts';

/** An obviously right model: goes over everything, each time. */
export interface OracleProvider {
  readonly name: string;
  readonly endMs: number;
  readonly historyStartMs: number;
  readonly isOverall: boolean;
  readonly tells: boolean;
}

export interface OracleInput {
  readonly incidents: readonly IncidentSummary[];
  readonly labels: (dimensionsRow: number) => IncidentLabels | undefined;
  readonly providers: readonly OracleProvider[];
  readonly settings: StatisticsSettings;
}

const DAY_MS = 86_400_000;

/** How often the clocks beside recovery meet their targets, by statistic: when a stage begins and ends. */
const STAGES: Readonly<
  Record<
    string,
    (one: IncidentSummary) => readonly [stage: Stage, fromMs: number | undefined, toMs: number | undefined]
  >
> = {
  detectionWithinTarget: (one: IncidentSummary) => ['detection', one.startedAtMs, one.triggeredAtMs],
  acknowledgementWithinTarget: (one: IncidentSummary) => ['acknowledgement', one.triggeredAtMs, one.acknowledgedAtMs],
  identificationWithinTarget: (one: IncidentSummary) => ['identification', one.triggeredAtMs, one.identifiedAtMs],
  mitigationWithinTarget: (one: IncidentSummary) => ['mitigation', one.triggeredAtMs, one.mitigatedAtMs],
};

/** Open spans as recoveries are measured: from the impact and to the mitigation where these are wanted and known. */
function measuredSpans(incident: IncidentSummary, { clock, until, reopened }: RecoveryRules): [number, number][] {
  const flat = incident.spans ?? [incident.triggeredAtMs, incident.resolvedAtMs ?? Number.NaN];
  const spans: [number, number][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) spans.push([flat[at] ?? 0, flat[at + 1] ?? 0]);
  const { mitigatedAtMs, startedAtMs } = incident;
  if (until === 'mitigated' && mitigatedAtMs !== undefined) {
    const mitigated = spans.findLast(([fromMs]) => fromMs <= mitigatedAtMs);
    if (mitigated !== undefined) mitigated[1] = mitigatedAtMs;
  }
  const [first] = spans;
  if (first !== undefined && clock === 'impact') first[0] = startedAtMs ?? first[0];
  const [fromMs = Number.NaN] = first ?? [];
  if (reopened === 'first') return [[fromMs, first?.[1] ?? Number.NaN]];
  return reopened === 'last' ? [[fromMs, spans.at(-1)?.[1] ?? Number.NaN]] : spans;
}

function duration(incident: IncidentSummary, rules: RecoveryRules): number {
  return measuredSpans(incident, rules).reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0);
}

/** Rows by `grouping{labels}@window`, with values in minutes; what is absent is left out. */
export function oracleRows(input: OracleInput): Map<string, Record<string, number>> {
  const { settings, labels } = input;
  const active = new Map(input.providers.map((provider) => [provider.name, provider]));
  const seen = input.incidents.filter((incident) => {
    const label = labels(incident.dimensionsRow);
    return label !== undefined && !label.excluded && active.has(label.provider) && isCountable(incident.flags);
  });
  const rows = new Map<string, Record<string, number>>();
  for (const grouping of settings.groupings) {
    const members = new Map<string, IncidentSummary[]>();
    if (active.size > 0 && grouping === 'all') members.set('[]', []);
    if (active.size > 0 && grouping === 'severity') {
      for (const { name } of settings.severities) members.set(JSON.stringify([['severity', name]]), []);
    }
    for (const incident of seen) {
      const label = labels(incident.dimensionsRow) as IncidentLabels;
      if (grouping !== 'provider' && active.get(label.provider)?.isOverall !== true) continue;
      const key = keyOf(grouping, label);
      members.set(key, [...(members.get(key) ?? []), incident]);
    }
    for (const [key, incidents] of members) {
      const own = new Set(incidents.map(({ dimensionsRow }) => labels(dimensionsRow)?.provider));
      const scope = input.providers.filter(({ name, isOverall }) =>
        grouping === 'all' || grouping === 'severity' ? isOverall : own.has(name),
      );
      for (const window of settings.windows) {
        const about = { input, active, scope, windowMs: window.ms };
        rows.set(`${grouping}${key}@${window.name}`, withAvailability(incidents, about, grouping, key));
      }
    }
  }
  return rows;
}

export function keyOf(grouping: Grouping, label: IncidentLabels): string {
  if (grouping === 'all') return '[]';
  return JSON.stringify(
    grouping.split(',').map((name) => [name, label[name as 'service' | 'severity' | 'team' | 'provider']]),
  );
}

interface RowInput {
  readonly input: OracleInput;
  readonly active: ReadonlyMap<string, OracleProvider>;
  readonly scope: readonly OracleProvider[];
  readonly windowMs: number;
}

function rowOf(incidents: readonly IncidentSummary[], { input, active, scope, windowMs }: RowInput) {
  const { settings, labels } = input;
  const mode = settings;
  const providerOf = (incident: IncidentSummary) =>
    active.get(labels(incident.dimensionsRow)?.provider ?? '') as OracleProvider;
  const between = (ms: number | undefined, from: number, to: number) => ms !== undefined && ms > from && ms <= to;
  const isMerged = ({ flags }: IncidentSummary) => (flags & FLAGS.merged) !== 0;
  const opened = incidents.filter((one) => {
    const { endMs } = providerOf(one);
    return between(one.triggeredAtMs, endMs - windowMs, endMs);
  });
  const resolvedIn = (lag: number) =>
    incidents.filter((one) => {
      const endMs = providerOf(one).endMs - lag;
      return !isMerged(one) && between(one.resolvedAtMs, endMs - windowMs, endMs);
    });
  const resolved = resolvedIn(0);
  const baseline = resolvedIn(windowMs);
  const ms = resolved.map((one) => duration(one, mode)).sort((a, b) => a - b);
  const row: Record<string, number> = { opened: opened.length, resolved: resolved.length };
  const put = (name: string, value: number | undefined) => {
    if (value !== undefined && !Number.isNaN(value)) row[name] = value;
  };
  const mean = (values: readonly number[]) =>
    values.length < Math.max(1, settings.minimumSample)
      ? undefined
      : values.reduce((sum, value) => sum + value, 0) / values.length / 60_000;
  const stamp = (pick: (one: IncidentSummary) => number | undefined) =>
    mean(resolved.map(pick).filter((value) => value !== undefined));
  put('mttr', mean(ms));
  put(
    'mtta',
    stamp((one) => (one.acknowledgedAtMs === undefined ? undefined : one.acknowledgedAtMs - one.triggeredAtMs)),
  );
  put(
    'mttd',
    stamp((one) => (one.startedAtMs === undefined ? undefined : one.triggeredAtMs - one.startedAtMs)),
  );
  put(
    'mtti',
    stamp((one) => (one.identifiedAtMs === undefined ? undefined : one.identifiedAtMs - one.triggeredAtMs)),
  );
  put(
    'mttm',
    stamp((one) => (one.mitigatedAtMs === undefined ? undefined : one.mitigatedAtMs - one.triggeredAtMs)),
  );
  for (const [name, share] of Object.entries({ p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 })) {
    const at = (ms.length - 1) * share;
    const low = ms[Math.floor(at)] ?? 0;
    const high = ms[Math.ceil(at)] ?? 0;
    put(name, ms.length < Math.max(1, settings.minimumSample) ? undefined : (low + (high - low) * (at % 1)) / 60_000);
  }
  if (settings.businessHours !== undefined) {
    const businessTime = createBusinessTime(settings.businessHours);
    put(
      'businessMttr',
      mean(resolved.map((one) => measuredSpans(one, mode).reduce((sum, [a, b]) => sum + businessTime(a, b), 0))),
    );
  }
  put('min', ms.length === 0 ? undefined : (ms[0] ?? 0) / 60_000);
  put('max', ms.length === 0 ? undefined : (ms.at(-1) ?? 0) / 60_000);
  const average = ms.reduce((sum, value) => sum + value, 0) / ms.length;
  const variance = ms.reduce((sum, value) => sum + (value - average) ** 2, 0) / (ms.length - 1);
  put('stddev', ms.length < 2 ? undefined : Math.sqrt(variance) / 60_000);
  const hasBaseline =
    scope.length > 0 &&
    scope.every(({ endMs, historyStartMs }) => historyStartMs + 30 * DAY_MS <= endMs - 2 * windowMs);
  if (hasBaseline) {
    put('baselineResolved', baseline.length);
    put('baseline', mean(baseline.map((one) => duration(one, mode))));
  }
  const share = (among: readonly IncidentSummary[], isIn: (one: IncidentSummary) => boolean) =>
    among.length === 0 ? undefined : among.filter(isIn).length / among.length;
  const targetOf = (one: IncidentSummary) => labels(one.dimensionsRow)?.targetMs;
  put(
    'withinTarget',
    share(
      resolved.filter((one) => targetOf(one) !== undefined),
      (one) => duration(one, mode) <= (targetOf(one) ?? 0),
    ),
  );
  for (const [name, stageOf] of Object.entries(STAGES)) {
    const met = resolved.flatMap((one) => {
      const [stage, fromMs, toMs] = stageOf(one);
      const severity = settings.severities.find((each) => each.name === labels(one.dimensionsRow)?.severity);
      const targetMs = severity?.stageTargetsMs[stage];
      return fromMs === undefined || toMs === undefined || targetMs === undefined ? [] : [toMs - fromMs <= targetMs];
    });
    put(name, met.length === 0 ? undefined : met.filter((one) => one).length / met.length);
  }
  const telling = resolved.filter((one) => providerOf(one).tells);
  put(
    'escalated',
    share(telling, ({ flags }) => (flags & FLAGS.escalated) !== 0),
  );
  put(
    'reopened',
    share(telling, ({ flags }) => (flags & FLAGS.reopened) !== 0),
  );
  const firstOf = new Map<number, IncidentSummary>();
  for (const one of opened) if (!firstOf.has(one.fingerprint)) firstOf.set(one.fingerprint, one);
  put(
    'repeat',
    share(opened, (one) => firstOf.get(one.fingerprint) !== one),
  );
  Object.assign(row, freeTime(incidents, { scope, windowMs, minimumSample: settings.minimumSample }));
  return row;
}

function withAvailability(incidents: readonly IncidentSummary[], about: RowInput, grouping: Grouping, key: string) {
  const severity = JSON.parse(key).find(([name]: [string]) => name === 'severity')?.[1];
  const row: Record<string, number | undefined> = {
    ...rowOf(incidents, about),
    ...availability(incidents, { ...about, grouping, severity }),
  };
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

interface AvailabilityInput extends Omit<RowInput, 'active'> {
  readonly grouping: Grouping;
  readonly severity: string | undefined;
}

/** Free time of the severities that count; of everything together free time and mtbf are of these, too. */
function availability(
  incidents: readonly IncidentSummary[],
  { input, scope, windowMs, grouping, severity }: AvailabilityInput,
) {
  const { settings, labels } = input;
  const wanted = settings.availability;
  if (wanted === undefined || (severity !== undefined && !wanted.severities.includes(severity))) return {};
  const outages = incidents.filter(({ dimensionsRow }) =>
    wanted.severities.includes(labels(dimensionsRow)?.severity ?? ''),
  );
  const { free, mtbf } = freeTime(outages, { scope, windowMs, minimumSample: settings.minimumSample });
  if (free === undefined) return {};
  const from = Math.max(...scope.map(({ endMs, historyStartMs }) => Math.max(endMs - windowMs, historyStartMs)));
  const coveredMinutes = (Math.min(...scope.map(({ endMs }) => endMs)) - from) / 60_000;
  const errorBudget = coveredMinutes * (1 - wanted.objective) - coveredMinutes * (1 - free);
  return { availability: free, errorBudget, ...(grouping === 'all' ? { free, mtbf } : {}) };
}

function freeTime(
  incidents: readonly IncidentSummary[],
  { scope, windowMs, minimumSample }: { scope: readonly OracleProvider[]; windowMs: number; minimumSample: number },
): Record<string, number> {
  const from = Math.max(...scope.map(({ endMs, historyStartMs }) => Math.max(endMs - windowMs, historyStartMs)));
  const to = Math.min(...scope.map(({ endMs }) => endMs));
  if (!(to > from)) return {};
  const cuts = new Set([from, to]);
  const spans: [number, number][] = [];
  for (const one of incidents) {
    const isMerged = (one.flags & FLAGS.merged) !== 0;
    const flat = one.spans ?? [one.triggeredAtMs, ...(one.resolvedAtMs === undefined ? [] : [one.resolvedAtMs])];
    const closed = flat.length % 2 === 1 ? [...flat, isMerged ? (flat.at(-1) ?? 0) : Number.POSITIVE_INFINITY] : flat;
    for (let at = 0; at < closed.length; at += 2) {
      const span: [number, number] = [Math.max(from, closed[at] ?? 0), Math.min(to, closed[at + 1] ?? 0)];
      if (span[1] <= span[0]) continue;
      spans.push(span);
      cuts.add(span[0]);
      cuts.add(span[1]);
    }
  }
  const sorted = [...cuts].sort((a, b) => a - b);
  let free = 0;
  for (let at = 0; at + 1 < sorted.length; at += 1) {
    const [a, b] = [sorted[at] ?? 0, sorted[at + 1] ?? 0];
    if (!spans.some(([start, end]) => start <= a && end >= b)) free += b - a;
  }
  const opened = incidents.filter(({ triggeredAtMs }) => triggeredAtMs > from && triggeredAtMs <= to).length;
  const row: Record<string, number> = { free: free / (to - from) };
  if (opened >= Math.max(1, minimumSample)) row['mtbf'] = free / 60_000 / opened;
  return row;
}
