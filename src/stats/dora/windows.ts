import type { DeploymentLabels } from '../../model/deployment.ts';
import { byFinish, type DeploymentFacts, type Entry, type Subject } from './derive.ts';
import { DoraGroup } from './group.ts';
import { OrderedList } from './ordered-list.ts';
import { DORA_GROUPINGS, type DoraGrouping, type DoraProvider, type DoraRow, type DoraSettings } from './rows.ts';

/** A provider of deployments with what its windows slide over. */
interface ProviderEntries {
  provider: DoraProvider;
  readonly byFinish: OrderedList<Entry>;
  /** Only those that recovered. */
  readonly byRecovery: OrderedList<Entry>;
}

/** Windows of all groups, updated by adding and removing deployments, never by going over all of them. */
export class DoraWindows {
  readonly #settings: DoraSettings;
  readonly #providers: ReadonlyMap<string, ProviderEntries>;
  readonly #groups = new Map<string, DoraGroup>();
  #rows: readonly DoraGroup[] | undefined;
  #groupsBySubject = new Map<Subject, readonly DoraGroup[]>();
  /** How far back the largest window and its baseline go: what is older is never needed again, as ends do not move back. */
  readonly #reachMs: number;
  #hasMoved = true;

  constructor(settings: DoraSettings, providers: readonly DoraProvider[]) {
    this.#settings = settings;
    this.#reachMs = 2 * Math.max(0, ...settings.windows.map(({ ms }) => ms));
    const ofDeployments = providers.filter(({ policy }) => policy !== undefined);
    this.#providers = new Map(
      ofDeployments.map((provider) => [
        provider.name,
        { provider, byFinish: new OrderedList(byFinish), byRecovery: new OrderedList(byRecovery) },
      ]),
    );
    if (ofDeployments.some(isExpected)) this.#group('all', []);
  }

  /** The same list until a group comes or goes. */
  rows(): readonly DoraRow[] {
    this.#rows ??= [...this.#groups.values()];
    return this.#rows;
  }

  /** So many more or fewer deployments of the subject are held. */
  hold(subject: Subject, change: number): void {
    for (const group of this.#groupsOf(subject)) group.hold(subject.labels.provider, change);
  }

  /** Counts many at once that have their facts. */
  load(entries: Iterable<Entry>): void {
    const finished = new Map<ProviderEntries, Entry[]>();
    const recovered = new Map<ProviderEntries, Entry[]>();
    for (const of of this.#providers.values()) {
      finished.set(of, []);
      recovered.set(of, []);
    }
    for (const entry of entries) {
      const of = this.#providers.get(entry.subject.labels.provider);
      if (of === undefined || !this.#isCounted(entry)) continue;
      const isFinishedInReach = this.#isInReach(entry.finishedAtMs, of);
      const isRecoveredInReach = this.#isInReach(recoveredAtMs(entry), of);
      if (!isFinishedInReach && !isRecoveredInReach) continue;
      if (isFinishedInReach) finished.get(of)?.push(entry);
      if (isRecoveredInReach) recovered.get(of)?.push(entry);
      this.#change(entry, of, 1);
    }
    for (const [of, list] of finished) of.byFinish.replace(list);
    for (const [of, list] of recovered) of.byRecovery.replace(list);
  }

  /** Counts a deployment by what follows from it. */
  count(entry: Entry, facts: DeploymentFacts): void {
    entry.counted = facts;
    const of = this.#providers.get(entry.subject.labels.provider);
    if (of === undefined || !this.#isCounted(entry)) return;
    if (this.#isInReach(entry.finishedAtMs, of)) of.byFinish.add(entry);
    if (this.#isInReach(recoveredAtMs(entry), of)) of.byRecovery.add(entry);
    this.#change(entry, of, 1);
  }

  /** Removes a deployment exactly as it was counted. */
  withdraw(entry: Entry): void {
    const of = this.#providers.get(entry.subject.labels.provider);
    if (of !== undefined && entry.counted !== undefined && this.#isCounted(entry)) {
      of.byFinish.remove(entry);
      of.byRecovery.remove(entry);
      this.#change(entry, of, -1);
    }
    entry.counted = undefined;
  }

  /** Moves the windows of a provider to a new end, which is not before the one it had. */
  advance(provider: DoraProvider): void {
    const of = this.#providers.get(provider.name);
    if (of === undefined) return;
    const beforeMs = of.provider.endMs;
    of.provider = provider;
    this.#hasMoved = true;
    for (const [window, { ms }] of this.#settings.windows.entries()) {
      const slide = (lagMs: number, from: (group: DoraGroup) => Totals, sign: 1 | -1) => {
        const moved = { fromMs: beforeMs - lagMs, toMs: provider.endMs - lagMs };
        each(
          of.byFinish,
          ({ finishedAtMs }) => finishedAtMs,
          moved,
          (entry) => {
            for (const group of this.#touched(entry)) changeDeployment(from(group), entry, sign);
          },
        );
        each(of.byRecovery, recoveredAtMs, moved, (entry) => {
          for (const group of this.#touched(entry)) changeRecovery(from(group), entry, sign);
        });
      };
      slide(0, ({ windows }) => windows[window], 1);
      slide(ms, ({ windows }) => windows[window], -1);
      slide(ms, ({ baselines }) => baselines[window], 1);
      slide(2 * ms, ({ baselines }) => baselines[window], -1);
    }
  }

  /** Brings the values of all rows up to date. */
  refresh(): void {
    this.#dropEmpty();
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    for (const group of this.#groups.values()) {
      if (group.isDirty || hasMoved) group.evaluate(this.#coverages(group), this.#settings);
    }
  }

  #coverages({ grouping, held }: DoraGroup): DoraProvider[] {
    return [...this.#providers.values()]
      .map(({ provider }) => provider)
      .filter((provider) => held.has(provider.name) || (grouping === 'all' && isExpected(provider)));
  }

  #isCounted({ outcome, subject }: Entry): boolean {
    return (outcome === 'success' || outcome === 'failure') && this.#groupsOf(subject).length > 0;
  }

  #isInReach(ms: number, { provider }: ProviderEntries): boolean {
    return ms > provider.endMs - this.#reachMs;
  }

  #change(entry: Entry, { provider: { endMs } }: ProviderEntries, sign: 1 | -1): void {
    const groups = this.#touched(entry);
    const { finishedAtMs } = entry;
    if (entry.outcome === 'success' && finishedAtMs > endMs - this.#reachMs) {
      for (const { successes } of groups) successes.change(finishedAtMs, sign);
    }
    for (const [window, { ms }] of this.#settings.windows.entries()) {
      const lists = (atMs: number) => findLists(atMs, endMs, ms);
      const finishedIn = lists(finishedAtMs);
      if (finishedIn !== undefined) {
        for (const group of groups) changeDeployment(group[finishedIn][window], entry, sign);
      }
      const recoveredIn = lists(recoveredAtMs(entry));
      if (recoveredIn === undefined) continue;
      for (const group of groups) changeRecovery(group[recoveredIn][window], entry, sign);
    }
  }

  #touched({ subject }: Entry): readonly DoraGroup[] {
    const groups = this.#groupsOf(subject);
    for (const group of groups) group.isDirty = true;
    return groups;
  }

  /** None for an environment that does not count. */
  #groupsOf(subject: Subject): readonly DoraGroup[] {
    const known = this.#groupsBySubject.get(subject);
    if (known !== undefined) return known;
    const { labels } = subject;
    const isCounted = this.#settings.environments.includes(labels.environment);
    const groupings = isCounted ? DORA_GROUPINGS.filter((one) => one !== 'team' || labels.team !== '') : [];
    const groups = groupings.map((one) => this.#group(one, rowLabels(one, labels)));
    this.#groupsBySubject.set(subject, groups);
    return groups;
  }

  #group(grouping: DoraGrouping, labels: DoraRow['labels']): DoraGroup {
    const key = JSON.stringify([grouping, labels]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new DoraGroup(grouping, labels, this.#settings);
    this.#groups.set(key, group);
    this.#rows = undefined;
    return group;
  }

  #dropEmpty(): void {
    const hasExpected = [...this.#providers.values()].some(({ provider }) => isExpected(provider));
    const isLasting = ({ grouping, held }: DoraGroup) => held.size > 0 || (grouping === 'all' && hasExpected);
    const empty = [...this.#groups].filter(([, group]) => !isLasting(group));
    if (empty.length === 0) return;
    for (const [key] of empty) this.#groups.delete(key);
    this.#rows = undefined;
    this.#groupsBySubject = new Map();
  }
}

/** Its deployments are what it is for: without any, there were none. */
function isExpected({ isOptional }: DoraProvider): boolean {
  return isOptional !== true;
}

type Totals = DoraGroup['windows'][number] | undefined;

function changeDeployment(totals: Totals, entry: Entry, sign: 1 | -1): void {
  if (entry.counted !== undefined) totals?.changeDeployment(entry, entry.counted, sign);
}

function changeRecovery(totals: Totals, { counted }: Entry, sign: 1 | -1): void {
  if (counted !== undefined) totals?.recoveries.change(counted.recoveryMs, sign);
}

/** Whether a time is in the window, in the one before, or in neither. */
function findLists(atMs: number, endMs: number, windowMs: number): 'windows' | 'baselines' | undefined {
  if (atMs > endMs - windowMs && atMs <= endMs) return 'windows';
  if (atMs > endMs - 2 * windowMs && atMs <= endMs - windowMs) return 'baselines';
  return undefined;
}

/** The entries whose time is after one time and not after another. */
function each(
  entries: OrderedList<Entry>,
  timeOf: (entry: Entry) => number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  change: (entry: Entry) => void,
): void {
  for (let at = entries.firstIndex((entry) => timeOf(entry) > fromMs); at < entries.length; at += 1) {
    const entry = entries.at(at);
    if (entry === undefined || timeOf(entry) > toMs) return;
    change(entry);
  }
}

function recoveredAtMs({ counted }: Entry): number {
  return counted?.recoveredAtMs ?? Number.NaN;
}

function byRecovery(a: Entry, b: Entry): number {
  return recoveredAtMs(a) - recoveredAtMs(b) || a.row - b.row;
}

function rowLabels(grouping: DoraGrouping, labels: DeploymentLabels): DoraRow['labels'] {
  return grouping === 'all' ? [] : [[grouping, labels[grouping]]];
}
