import { PEOPLE } from '../people.ts';
import type { Actor, SimulatedIncident } from '../world.ts';
import { type Entry, type LifeState, stateAt, wholeSecond } from './ledger.ts';

/** The people as this platform knows them. */
export const PAGERDUTY_PEOPLE = [
  { id: 'PUSR001', name: PEOPLE[0].name, email: PEOPLE[0].email },
  { id: 'PUSR002', name: PEOPLE[1].name, email: PEOPLE[1].email },
  { id: 'PUSR003', name: PEOPLE[2].name, email: PEOPLE[2].email },
] as const;

/** The same person for the same number, as a reference with everything the platform lets out about people. */
export function personReference(number: number) {
  const person = PAGERDUTY_PEOPLE[number % PAGERDUTY_PEOPLE.length] ?? PAGERDUTY_PEOPLE[0];
  return {
    id: person.id,
    type: 'user_reference',
    summary: person.name,
    name: person.name,
    email: person.email,
    self: `https://api.pagerduty.com/users/${person.id}`,
    html_url: `https://acme.pagerduty.com/users/${person.id}`,
  };
}

/** How stamps are written: in UTC, or in the account's zone where the caller did not ask for UTC. */
export type Stamp = (ms: number) => string;

/** The account lives nine hours ahead of UTC: whoever forgets to ask for UTC notices. */
export const ACCOUNT_ZONE_MS = 9 * 3_600_000;

export const inUtc: Stamp = (ms) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
export const inAccountZone: Stamp = (ms) => inUtc(ms + ACCOUNT_ZONE_MS).replace('Z', '+09:00');

const API = 'https://api.pagerduty.com';
const WEB = 'https://acme.pagerduty.com';

function reference(kind: string, { id, name }: { readonly id: string; readonly name: string }) {
  const path = kind === 'incident' ? 'incidents' : `${kind}s`;
  return {
    id,
    type: `${kind}_reference`,
    summary: name,
    self: `${API}/${path}/${id}`,
    html_url: `${WEB}/${path}/${id}`,
  };
}

/** An incident as the platform shows it at `nowMs`. */
export function wireIncident(incident: SimulatedIncident, number: number, at: { nowMs: number; stamp: Stamp }) {
  const state = stateAt(incident, at.nowMs);
  const { stamp } = at;
  return {
    ...reference('incident', { id: incident.id, name: `[#${number}] ${incident.title}` }),
    type: 'incident',
    incident_number: number,
    title: incident.title,
    description: incident.title,
    created_at: stamp(wholeSecond(incident.triggeredAtMs)),
    updated_at: stamp(state.updatedAtMs),
    status: state.status,
    incident_key: null,
    service: reference('service', incident.service),
    ...peopleOf(state, { number, stamp }),
    last_status_change_at: stamp(state.statusChangedAtMs),
    resolved_at: state.resolvedAtMs === undefined ? null : stamp(state.resolvedAtMs),
    first_trigger_log_entry: { id: `R${incident.id}T`, type: 'trigger_log_entry_reference' },
    alert_counts: {
      all: 1,
      triggered: state.status === 'resolved' ? 0 : 1,
      resolved: state.status === 'resolved' ? 1 : 0,
    },
    is_mergeable: true,
    incident_type: { name: 'incident_default' },
    escalation_policy: reference('escalation_policy', { id: 'PEP0001', name: 'default' }),
    teams: incident.team === undefined ? [] : [reference('team', incident.team)],
    priority: priorityReference(incident.priority),
    resolve_reason: state.merged
      ? {
          type: 'merge_resolve_reason',
          incident: reference('incident', { id: 'QMERGETARGET01', name: '[#1] the one it went into' }),
        }
      : null,
    conference_bridge: null,
    urgency: incident.urgency,
  };
}

function priorityReference(priority: string | undefined) {
  return priority === undefined ? null : { ...wirePriority(priority), type: 'priority_reference', name: undefined };
}

/** A priority as the list of them has it. */
export function wirePriority(priority: string) {
  return {
    id: `PPRI-${priority}`,
    type: 'priority',
    summary: priority,
    name: priority,
    self: `${API}/priorities/PPRI-${priority}`,
  };
}

/** Everything that names people: this must never get further than the door of the exporter. */
function peopleOf(state: LifeState, { number, stamp }: { number: number; stamp: Stamp }) {
  const isOpen = state.status !== 'resolved';
  return {
    assignments: isOpen
      ? [{ at: stamp(state.updatedAtMs), assignee: personReference(number + state.escalations) }]
      : [],
    assigned_via: 'escalation_policy',
    acknowledgements: state.acknowledgements.map(({ atMs, by }) => ({
      at: stamp(atMs),
      acknowledger: agentOf(by, number),
    })),
    last_status_change_by: agentOf(state.changedBy ?? 'integration', number),
    incidents_responders: isOpen ? [{ state: 'joined', user: personReference(number + 1) }] : [],
    responder_requests: [],
    pending_actions: isOpen ? [{ type: 'escalate', at: stamp(state.updatedAtMs + 1_800_000) }] : [],
  };
}

function agentOf(by: Actor, number: number) {
  if (by === 'person') return personReference(number);
  if (by === 'timeout') return null;
  return { id: 'PSVCAPI', type: 'service_reference', summary: 'monitoring', self: `${API}/services/PSVCAPI` };
}

const CHANNELS = { person: 'website', integration: 'api', timeout: 'timeout' } as const;

/** One line of the log; `embedded` is the whole incident where the caller asked to include it. */
export function wireEntry(entry: Entry, number: number, { stamp, embedded }: { stamp: Stamp; embedded?: unknown }) {
  const { incident, type, by } = entry;
  const agent = agentOf(by, number);
  return {
    id: entry.id,
    type,
    summary: `${type.replace('_log_entry', '')} by ${agent?.summary ?? 'time-out'}`,
    self: `${API}/log_entries/${entry.id}`,
    html_url: null,
    created_at: stamp(entry.atMs),
    agent,
    channel: { type: CHANNELS[by] },
    service: reference('service', incident.service),
    incident: embedded ?? reference('incident', { id: incident.id, name: `[#${number}] ${incident.title}` }),
    teams: incident.team === undefined ? [] : [reference('team', incident.team)],
    contexts: [],
    ...(type === 'acknowledge_log_entry' ? { acknowledgement_timeout: 1800 } : {}),
    ...(type === 'notify_log_entry' ? { user: personReference(number) } : {}),
    event_details: { description: incident.title },
  };
}

/** A service as the catalogue lists it. */
export function wireService(service: { readonly id: string; readonly name: string }) {
  return { ...reference('service', service), type: 'service', name: service.name, status: 'active', description: null };
}
