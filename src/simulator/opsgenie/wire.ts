import { PEOPLE } from '../people.ts';
import { closedAtMs, type Life, shownEvents, stateAt, statusOf, updatedAtMs } from './ledger.ts';

/** The people as this platform knows them. */
export const OPSGENIE_PEOPLE = [
  { id: 'b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4', name: PEOPLE[0].name, email: PEOPLE[0].email },
  { id: '4caaaa77-9222-4322-8622-d3522fbd7dda', name: PEOPLE[1].name, email: PEOPLE[1].email },
  { id: 'd68577f7-0d5c-4d4f-8b8c-5f2e2c0a7b11', name: PEOPLE[2].name, email: PEOPLE[2].email },
] as const;

/** The same person for the same number. */
export function personOf(number: number): (typeof OPSGENIE_PEOPLE)[number] {
  return OPSGENIE_PEOPLE[number % OPSGENIE_PEOPLE.length] ?? OPSGENIE_PEOPLE[0];
}

const API = 'https://api.opsgenie.com';
const WEB = 'https://acme.app.opsgenie.com';

const stamp = (ms: number) => new Date(ms).toISOString();

/** An alert as a list shows it at `nowMs`. */
export function wireAlert(life: Life, nowMs: number) {
  const { incident, createdAtMs, number } = life;
  const state = stateAt(life, nowMs);
  const { email } = personOf(number);
  const after = (ms: number | undefined) => (ms === undefined ? undefined : ms - createdAtMs);
  const isReported = state.acknowledgedAtMs !== undefined || state.endedAtMs !== undefined;
  return {
    id: life.id,
    tinyId: String((number % 9000) + 1),
    alias: incident.alias ?? life.id,
    message: incident.title,
    status: statusOf('alerts', life, nowMs),
    acknowledged: state.isAcknowledged,
    isSeen: true,
    tags: tagsOf(life),
    snoozed: false,
    // One alert for many events of the same trouble.
    count: (number % 5) + 1,
    lastOccurredAt: stamp(createdAtMs),
    createdAt: stamp(createdAtMs),
    updatedAt: stamp(state.updatedAtMs),
    source: 'prometheus',
    owner: state.acknowledgedAtMs === undefined ? '' : email,
    priority: priorityOf(life),
    responders: respondersOf(life),
    integration: { id: '0f5f6b40-7dca-44fc-8036-6d6d550e853f', name: 'prom', type: 'Prometheus' },
    ...(isReported ? { report: reportOf(after(state.acknowledgedAtMs), after(state.endedAtMs), email) } : {}),
    ownerTeamId: incident.team?.id ?? '',
  };
}

/** Durations since the creation, never instants; who did it is told as well. */
function reportOf(ackTime: number | undefined, closeTime: number | undefined, email: string) {
  return {
    ...(ackTime === undefined ? {} : { ackTime, acknowledgedBy: email }),
    ...(closeTime === undefined ? {} : { closeTime, closedBy: email }),
  };
}

/** An alert as it is shown by its id. */
export function wireWholeAlert(life: Life, nowMs: number) {
  const { name, email } = personOf(life.number);
  return {
    ...wireAlert(life, nowMs),
    actions: ['restart'],
    entity: life.incident.service.name,
    description: `Runbook by ${name}`,
    details: { contact: email },
  };
}

/** An incident at `nowMs`. */
export function wireIncident(life: Life, nowMs: number) {
  const { incident, createdAtMs, number } = life;
  const { endedAtMs } = stateAt(life, nowMs);
  const { id, email } = personOf(number);
  return {
    id: life.id,
    description: `Reported by ${email}`,
    impactedServices: incident.service.id === '' ? [] : [incident.service.id],
    tinyId: String(number + 1),
    message: incident.title,
    status: statusOf('incidents', life, nowMs),
    tags: tagsOf(life),
    createdAt: stamp(createdAtMs),
    updatedAt: stamp(updatedAtMs('incidents', life, nowMs)),
    source: 'web',
    owner: email,
    priority: priorityOf(life),
    ownerTeam: incident.team?.id ?? '',
    responders: [{ type: 'user', id }, ...respondersOf(life)],
    extraProperties: {},
    links: { web: `${WEB}/incident/detail/${life.id}`, api: `${API}/v1/incidents/${life.id}` },
    // People move these by hand: the impact is not the incident.
    impactStartDate: stamp(createdAtMs - 60_000),
    ...(endedAtMs === undefined ? {} : { impactEndDate: stamp(endedAtMs - 30_000) }),
    actions: [],
  };
}

function tagsOf({ incident, number }: Life): string[] {
  return [
    'prod',
    ...(incident.service.name === '' ? [] : [`service:${incident.service.name}`]),
    ...(incident.priority === undefined ? [] : [`severity:${incident.priority}`]),
    `owner:${personOf(number).email}`,
  ];
}

/** The platform knows five; nobody's choice is P3. */
function priorityOf({ incident }: Life): string {
  return /^P[1-5]$/.test(incident.priority ?? '') ? (incident.priority ?? 'P3') : 'P3';
}

function respondersOf({ incident, number }: Life) {
  const person = { type: 'user', id: personOf(number).id };
  return incident.team === undefined ? [person] : [{ type: 'team', id: incident.team.id }, person];
}

interface Entry {
  readonly atMs: number;
  readonly group: string;
  readonly type: string;
}

const ENTRY_TYPES = new Map([
  ['acknowledge', { group: 'responderAlert', type: 'ResponderAlertAcked' }],
  ['resolve', { group: 'incident', type: 'IncidentResolved' }],
  ['merge', { group: 'incident', type: 'IncidentResolved' }],
  ['reopen', { group: 'incident', type: 'IncidentReopened' }],
]);

/** The timeline of an incident at `nowMs`, newest first. */
export function wireTimeline(life: Life, nowMs: number) {
  const { createdAtMs, number } = life;
  const entries: Entry[] = [
    { atMs: createdAtMs, group: 'incident', type: 'IncidentOpened' },
    { atMs: createdAtMs, group: 'incident', type: 'IncidentResponderUserAdded' },
    { atMs: createdAtMs, group: 'custom', type: 'CustomUserEntry' },
  ];
  for (const { kind, atMs } of shownEvents(life, nowMs)) {
    const type = ENTRY_TYPES.get(kind);
    if (type !== undefined) entries.push({ atMs, ...type });
  }
  const closedMs = closedAtMs(life, nowMs);
  if (closedMs !== undefined) entries.push({ atMs: closedMs, group: 'incident', type: 'IncidentClosed' });
  const { name } = personOf(number);
  return entries
    .map(({ atMs, group, type }, index) => ({
      id: `${type}_${life.id}_${index}`,
      group,
      type,
      eventTime: stamp(atMs),
      hidden: false,
      actor: { name, type: 'user' },
      title: { type: 'plain_text', content: type === 'CustomUserEntry' ? `Note by ${name}` : type },
    }))
    .reverse();
}

/** The log of an alert or an incident, oldest first: free text. */
export function wireLog(life: Life, nowMs: number) {
  const { email } = personOf(life.number);
  const lines = [{ kind: 'create', atMs: life.createdAtMs }, ...shownEvents(life, nowMs)];
  return lines.map(({ kind, atMs }, index) => ({
    log: `${kind} by ${email}`,
    type: kind === 'create' ? 'system' : 'alertAction',
    owner: kind === 'create' ? 'System' : email,
    createdAt: stamp(atMs),
    offset: `${atMs}_${index}`,
  }));
}
