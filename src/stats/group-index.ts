import type { Grouping, SeverityConfig } from '../config/types.ts';
import { type IncidentLabels, STATUSES } from '../model/stored.ts';
import type { Columns } from './columns.ts';
import type { Coverage } from './evaluate.ts';
import { Group } from './group.ts';
import type { OpenRow, ProviderCounts, StatisticsInput, StatisticsSettings } from './rows.ts';
import { SortedIndex } from './sorted-index.ts';
import { SortedNumbers } from './sorted-numbers.ts';

/** A provider whose first sync is complete. */
export interface ActiveProvider extends Coverage {
  readonly name: string;
  /** Counts in every grouping, not just in `provider`. */
  readonly isOverall: boolean;
  readonly hasEscalations: boolean;
  readonly hasReopens: boolean;
}

/** A provider with its incidents in order of time. */
export interface ProviderIndex {
  provider: ActiveProvider;
  readonly byTrigger: SortedIndex;
  readonly byResolve: SortedIndex;
  readonly counts: { open: number; resolved: number; excluded: number };
}

/** The groups in which incidents with the same dimensions are counted. */
export interface DimensionsGroups {
  readonly providerIndex: ProviderIndex;
  /** Position of the provider in the configuration. */
  readonly providerPosition: number;
  readonly isExcluded: boolean;
  readonly groups: readonly Group[];
  readonly openState: OpenState;
  readonly targetMs: number | undefined;
  readonly stageTargetsMs: SeverityConfig['stageTargetsMs'];
  /** Its severity is one of those that `availability` counts. */
  readonly isOutage: boolean;
}

/** Finds for each incident the groups that it belongs to. */
export class GroupIndex {
  readonly providers: readonly ProviderIndex[];
  readonly #input: StatisticsInput;
  /** By row of dimensions; null for those of providers that are not active. */
  #groupsByDimensions: (DimensionsGroups | null)[] = [];
  readonly #groups = new Map<string, Group>();
  #groupList: readonly Group[] | undefined;
  readonly #openStates = new Map<string, OpenState>();

  constructor(input: StatisticsInput, columns: Columns, providers: readonly ActiveProvider[]) {
    this.#input = input;
    this.providers = providers.map((provider) => ({
      provider,
      byTrigger: new SortedIndex((slot) => columns.values.triggered[slot] ?? 0),
      byResolve: new SortedIndex((slot) => columns.values.resolved[slot] ?? 0),
      counts: { open: 0, resolved: 0, excluded: 0 },
    }));
    if (providers.length > 0) this.#openAlwaysPresent(input.settings);
  }

  /** The same list until a group comes or goes. */
  groups(): readonly Group[] {
    this.#groupList ??= [...this.#groups.values()];
    return this.#groupList;
  }

  openStates(): readonly OpenState[] {
    return [...this.#openStates.values()];
  }

  counts(): ReadonlyMap<string, ProviderCounts> {
    return new Map(this.providers.map(({ provider, counts }) => [provider.name, counts]));
  }

  /** Undefined for dimensions of providers that are not active. */
  find(row: number): DimensionsGroups | undefined {
    const known = this.#groupsByDimensions[row];
    if (known !== undefined) return known ?? undefined;
    const groups = this.#readGroups(row);
    this.#groupsByDimensions[row] = groups ?? null;
    return groups;
  }

  /** A row stands on all overall providers, or on those that have incidents of its group. */
  coverages(group: Group): readonly Coverage[] {
    return this.providers
      .filter(({ provider }, index) =>
        isAlwaysPresent(group) ? provider.isOverall : (group.incidents[index] ?? 0) > 0,
      )
      .map(({ provider }) => provider);
  }

  /** Forgets groups that have no incident left. */
  dropEmpty(): void {
    const sizeBefore = this.#groups.size + this.#openStates.size;
    for (const [key, group] of this.#groups) {
      if (group.isEmpty && !isAlwaysPresent(group)) this.#groups.delete(key);
    }
    for (const [key, openState] of this.#openStates) if (openState.incidents === 0) this.#openStates.delete(key);
    if (this.#groups.size + this.#openStates.size === sizeBefore) return;
    this.#groupsByDimensions = [];
    this.#groupList = undefined;
  }

  #openAlwaysPresent({ groupings, severities }: StatisticsSettings): void {
    if (groupings.includes('all')) this.#group('all', []);
    if (!groupings.includes('severity')) return;
    for (const { name } of severities) this.#group('severity', [['severity', name]]);
  }

  #readGroups(row: number): DimensionsGroups | undefined {
    const { settings } = this.#input;
    const labels = this.#input.labels(row);
    const providerPosition = this.providers.findIndex(({ provider }) => provider.name === labels?.provider);
    const providerIndex = this.providers[providerPosition];
    if (labels === undefined || providerIndex === undefined) return undefined;
    const severity = settings.severities.find(({ name }) => name === labels.severity);
    const found = {
      providerIndex,
      providerPosition,
      isExcluded: labels.excluded,
      targetMs: labels.targetMs,
      stageTargetsMs: severity?.stageTargetsMs ?? {},
      isOutage: settings.availability?.severities.includes(labels.severity) ?? false,
    };
    if (labels.excluded) return { ...found, groups: [], openState: new OpenState({ ...labels, team: '' }) };
    const groupings = settings.groupings.filter((one) => providerIndex.provider.isOverall || one === 'provider');
    const groups = groupings.map((one) => this.#group(one, groupLabels(one, labels)));
    return { ...found, groups, openState: this.#openState(labels) };
  }

  #group(grouping: Grouping, labels: Group['labels']): Group {
    const key = JSON.stringify([grouping, labels]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new Group(grouping, labels, this.#input.settings);
    this.#groups.set(key, group);
    this.#groupList = undefined;
    return group;
  }

  #openState({ provider, service, severity, team }: IncidentLabels): OpenState {
    const labels = { provider, service, severity, team: this.#input.settings.team ? team : '' };
    const key = JSON.stringify(labels);
    const openState = this.#openStates.get(key) ?? new OpenState(labels);
    this.#openStates.set(key, openState);
    return openState;
  }
}

/** These exist as soon as one provider has synced, whatever it found. */
function isAlwaysPresent({ grouping }: Group): boolean {
  return grouping === 'all' || grouping === 'severity';
}

function groupLabels(grouping: Grouping, labels: IncidentLabels): Group['labels'] {
  if (grouping === 'all') return [];
  if (grouping === 'service,severity') {
    return [
      ['service', labels.service],
      ['severity', labels.severity],
    ];
  }
  return [[grouping, labels[grouping]]];
}

/** What `incident_open` and the two timestamps beside it are read from: one combination of labels. */
export class OpenState implements OpenRow {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  readonly open: number[] = STATUSES.map(() => 0);
  readonly #openSince = new SortedNumbers();
  readonly #resolvedAt = new SortedNumbers();
  incidents = 0;
  version = 0;

  constructor(labels: Pick<OpenRow, 'provider' | 'service' | 'severity' | 'team'>) {
    this.provider = labels.provider;
    this.service = labels.service;
    this.severity = labels.severity;
    this.team = labels.team;
  }

  get oldestAtMs(): number | undefined {
    return this.#openSince.at(0);
  }

  get lastResolvedAtMs(): number | undefined {
    return this.#resolvedAt.at(this.#resolvedAt.size - 1);
  }

  /** Adds an incident or removes it: its status (index into STATUSES), and its end (NaN without one). */
  count(
    incident: { status: number; isOpen: boolean; triggeredAtMs: number; resolvedAtMs: number },
    sign: 1 | -1,
  ): void {
    const { status, isOpen, triggeredAtMs, resolvedAtMs } = incident;
    this.incidents += sign;
    this.version += 1;
    if (isOpen) {
      this.open[status] = (this.open[status] ?? 0) + sign;
      this.#openSince.change(triggeredAtMs, sign);
    }
    if (!Number.isNaN(resolvedAtMs)) this.#resolvedAt.change(resolvedAtMs, sign);
  }
}
