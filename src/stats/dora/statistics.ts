import { DEPLOYMENT_FLAGS, type DeploymentLabels, type DeploymentSummary } from '../../model/deployment.ts';
import type { IncidentSummary } from '../../model/stored.ts';
import { DeploymentStates } from './deployment-states.ts';
import {
  createReworkRefs,
  createStream,
  createSubject,
  type DeploymentFacts,
  type DeploymentStream,
  deriveFacts,
  type Entry,
  findAnchor,
  findIncidents,
  findLive,
  type Subject,
  toEntry,
} from './derive.ts';
import { IncidentIndex } from './incident-index.ts';
import type { BlamingIncident, DeploymentState, DoraInput, DoraProvider, DoraRow } from './rows.ts';
import { DoraWindows } from './windows.ts';

/** Windowed statistics of deployments, and their newest state, over all providers whose first sync is complete. */
export interface DoraStatistics {
  /** Applies a deployment, new or changed. */
  put(deployment: DeploymentSummary): void;
  /** Forgets deployments that left the store. */
  forget(rows: readonly number[]): void;
  putIncident(incident: IncidentSummary): void;
  forgetIncidents(rows: readonly number[]): void;
  /** Moves the windows of a provider; a new provider joins with the next `rebuild`. */
  advance(provider: DoraProvider): void;
  /** Computes everything again: after a first sync, or when labels changed. */
  rebuild(): void;
  /** Brings all rows up to date. */
  refresh(): void;
  rows(): readonly DoraRow[];
  states(): readonly DeploymentState[];
  /** What follows from a deployment; undefined for one that is not finished, not held or not counted. */
  facts(row: number): DeploymentFacts | undefined;
  /** The incidents that blame a deployment, or would if that were a reason, in order of their triggers. */
  incidentsAfter(row: number): readonly BlamingIncident[];
  /** Rows of the deployments of a service that were live at a time: one for each repository and environment. */
  liveAt(service: string, atMs: number): readonly number[];
}

export function createDoraStatistics(input: DoraInput): DoraStatistics {
  const deployments = new Map<number, DeploymentSummary>();
  const incidents = new Map<number, { readonly incident: IncidentSummary; readonly blaming: BlamingIncident }>();
  const providers = new Map<string, DoraProvider>();
  let computed = new Computed(input, providers);
  const forgetIncident = (row: number) => {
    const known = incidents.get(row);
    if (known === undefined) return;
    incidents.delete(row);
    computed.removeIncident(known.blaming);
  };
  return {
    put: (deployment) => {
      computed.remove(deployment.row);
      deployments.set(deployment.row, deployment);
      computed.add(deployment);
    },
    forget: (rows) => {
      for (const row of rows) {
        computed.remove(row);
        deployments.delete(row);
      }
    },
    putIncident: (incident) => {
      forgetIncident(incident.row);
      const blaming = input.toBlaming(incident);
      if (blaming === undefined) return;
      incidents.set(incident.row, { incident, blaming });
      computed.addIncident(blaming);
    },
    forgetIncidents: (rows) => rows.forEach(forgetIncident),
    advance: (provider) => {
      const before = providers.get(provider.name);
      const endMs = Math.max(provider.endMs, before?.endMs ?? provider.endMs);
      providers.set(provider.name, { ...provider, endMs });
      if (before !== undefined) computed.windows.advance({ ...provider, endMs });
    },
    rebuild: () => {
      computed = new Computed(input, providers);
      // A renamed service blames other deployments.
      for (const [row, { incident }] of incidents) {
        const blaming = input.toBlaming(incident);
        if (blaming === undefined) incidents.delete(row);
        else incidents.set(row, { incident, blaming });
      }
      computed.load(
        deployments.values(),
        incidents.values().map(({ blaming }) => blaming),
      );
    },
    refresh: () => computed.refresh(),
    rows: () => computed.windows.rows(),
    states: () => computed.states.list(),
    facts: (row) => computed.facts(row),
    incidentsAfter: (row) => computed.incidentsAfter(row),
    liveAt: (service, atMs) => computed.liveAt(service, atMs),
  };
}

/** What is computed under today's labels from the providers that were active when it was built. */
class Computed {
  readonly windows: DoraWindows;
  readonly states = new DeploymentStates();
  readonly #input: DoraInput;
  readonly #providers: ReadonlyMap<string, DoraProvider>;
  /** By row; undefined for those of providers that are not active. */
  readonly #subjects = new Map<number, Subject | undefined>();
  readonly #streams = new Map<string, DeploymentStream>();
  readonly #streamsByService = new Map<string, DeploymentStream[]>();
  readonly #incidents = new IncidentIndex();
  readonly #isReworkRef: (ref: string) => boolean;
  readonly #entries = new Map<number, Entry>();
  /** Entries whose facts may have changed. */
  readonly #dirty = new Set<Entry>();

  constructor(input: DoraInput, providers: ReadonlyMap<string, DoraProvider>) {
    this.#input = input;
    this.#isReworkRef = createReworkRefs(input.settings.reworkRefs);
    this.#providers = new Map(providers);
    this.windows = new DoraWindows(input.settings, [...providers.values()]);
  }

  /** Everything at once: lists are sorted once, and each deployment is looked at once. */
  load(deployments: Iterable<DeploymentSummary>, incidents: Iterable<BlamingIncident>): void {
    for (const incident of incidents) if (this.#isActive(incident.provider)) this.#incidents.add(incident);
    const held = new Map<Subject, number>();
    const bySubject = new Map<Subject, Entry[]>();
    const byStream = new Map<DeploymentStream, Entry[]>();
    for (const deployment of deployments) {
      const entry = this.#toEntry(deployment);
      if (entry === undefined) continue;
      const { subject } = entry;
      held.set(subject, (held.get(subject) ?? 0) + 1);
      if (isPaired(entry)) append(bySubject, subject, entry);
      if (entry.outcome === 'success') append(byStream, subject.stream, entry);
    }
    for (const [subject, count] of held) this.windows.hold(subject, count);
    for (const [subject, entries] of bySubject) subject.deployments.replace(entries);
    for (const [stream, entries] of byStream) stream.successes.replace(entries);
    for (const entry of this.#entries.values()) entry.counted = this.#derive(entry);
    this.windows.load(this.#entries.values());
    this.refresh();
  }

  add(deployment: DeploymentSummary): void {
    const entry = this.#toEntry(deployment);
    if (entry === undefined) return;
    this.windows.hold(entry.subject, 1);
    this.#dirty.add(entry);
    if (!isPaired(entry)) return;
    entry.subject.deployments.add(entry);
    if (entry.outcome === 'success') entry.subject.stream.successes.add(entry);
    this.#touchAround(entry);
  }

  remove(row: number): void {
    const entry = this.#entries.get(row);
    if (entry === undefined) return;
    const { subject } = entry;
    this.#entries.delete(row);
    this.states.change(entry, -1);
    this.windows.hold(subject, -1);
    this.windows.withdraw(entry);
    if (isPaired(entry)) {
      this.#touchAround(entry);
      subject.deployments.remove(entry);
      if (entry.outcome === 'success') subject.stream.successes.remove(entry);
    }
    this.#dirty.delete(entry);
  }

  addIncident(incident: BlamingIncident): void {
    if (!this.#isActive(incident.provider)) return;
    this.#incidents.add(incident);
    this.#touchLive(incident);
  }

  removeIncident(incident: BlamingIncident): void {
    this.#incidents.remove(incident);
    this.#touchLive(incident);
  }

  refresh(): void {
    for (const entry of this.#dirty) {
      this.windows.withdraw(entry);
      this.windows.count(entry, this.#derive(entry));
    }
    this.#dirty.clear();
    this.windows.refresh();
  }

  facts(row: number): DeploymentFacts | undefined {
    return this.#entries.get(row)?.counted;
  }

  incidentsAfter(row: number): readonly BlamingIncident[] {
    const entry = this.#entries.get(row);
    return entry?.outcome === 'success' ? findIncidents(entry, this.#incidents, this.#input.settings) : [];
  }

  liveAt(service: string, atMs: number): number[] {
    return (this.#streamsByService.get(service) ?? []).flatMap((stream) => findLive(stream, atMs)?.row ?? []);
  }

  #derive(entry: Entry): DeploymentFacts {
    return deriveFacts(entry, this.#incidents, this.#input.settings);
  }

  #isActive(provider: string): boolean {
    return this.#providers.has(provider);
  }

  #toEntry(deployment: DeploymentSummary): Entry | undefined {
    const subject = this.#subject(deployment.subjectRow);
    if (subject === undefined || (deployment.flags & DEPLOYMENT_FLAGS.deleted) !== 0) return undefined;
    const entry = toEntry(deployment, subject, this.#isReworkRef);
    this.#entries.set(entry.row, entry);
    this.states.change(entry, 1);
    return entry;
  }

  /** Marks what the coming or going of a deployment that is in its lists may change. */
  #touchAround(entry: Entry): void {
    const { deployments, stream } = entry.subject;
    const index = deployments.indexOf(entry);
    this.#touch(deployments.at(index + 1));
    if (entry.outcome !== 'success') return;
    const before = deployments.at(index - 1);
    if (before?.outcome === 'failure') this.#touch(findAnchor(before));
    this.#touch(stream.successes.at(stream.successes.indexOf(entry) - 1));
  }

  #touchLive({ service, triggeredAtMs }: BlamingIncident): void {
    for (const stream of this.#streamsByService.get(service) ?? []) this.#touch(findLive(stream, triggeredAtMs));
  }

  #touch(entry: Entry | undefined): void {
    if (entry !== undefined) this.#dirty.add(entry);
  }

  #subject(row: number): Subject | undefined {
    if (this.#subjects.has(row)) return this.#subjects.get(row);
    const labels = this.#input.labels(row);
    const policy = this.#providers.get(labels?.provider ?? '')?.policy;
    const subject =
      labels === undefined || policy === undefined
        ? undefined
        : createSubject(row, labels, { policy, stream: this.#stream(labels) });
    this.#subjects.set(row, subject);
    return subject;
  }

  #stream(labels: DeploymentLabels): DeploymentStream {
    const key = JSON.stringify([labels.provider, labels.repository, labels.environment]);
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const stream = createStream(labels);
    this.#streams.set(key, stream);
    append(this.#streamsByService, stream.service, stream);
    return stream;
  }
}

/** It failed or succeeded. */
function isPaired({ outcome }: Entry): boolean {
  return outcome === 'success' || outcome === 'failure';
}

function append<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
