import type { LabelMapper, MappedLabels } from '../config/label-mapper.ts';
import { FLAGS, type IncidentLabels } from '../model/stored.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';

/** Why an incident is in no statistic. The first of these that applies is the one that is named. */
export const EXCLUSIONS = [
  'filter_severities',
  'filter_services',
  'filter_teams',
  'deleted',
  'flagged',
  'expired',
  'flaky',
  'exclude_titles',
  'shorter_than',
] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** The reasons as the API names them: one for all filters by label, and the merge that leaves an incident without a recovery. */
export const API_EXCLUSIONS = [
  'merged',
  'deleted',
  'flagged',
  'expired',
  'flaky',
  'filter',
  'exclude_titles',
  'shorter_than',
] as const;
type ApiExclusion = (typeof API_EXCLUSIONS)[number];

/** The same for people, of one incident or of many; `merged` is not excluded, but has no recovery. */
export const EXCLUSION_TEXTS: Readonly<Record<Exclusion | 'merged', string>> = {
  filter_severities: 'left out by filter.severities',
  filter_services: 'left out by filter.services',
  filter_teams: 'left out by filter.teams',
  deleted: 'deleted on the platform',
  flagged: 'excluded by the platform itself: maintenance, a test or drill, a duplicate, cancelled',
  expired: 'no end was ever reported, so it expired',
  flaky: 'too short to be a recovery',
  exclude_titles: 'left out by filter.exclude_titles',
  shorter_than: 'left out by filter.shorter_than',
  merged: 'merged into another incident: counted as opened, never as resolved',
};

/** An incident as far as exclusion goes; without a title, titles are not looked at. */
export interface ExclusionSubject {
  readonly flags: number;
  readonly title: string | undefined;
  readonly recoveryMs: number | undefined;
}

type FilteredLabels = Pick<IncidentLabels, 'excluded' | 'severity' | 'service'>;

/** Why statistics leave an incident out; undefined exactly where `isVisible` is true. The labels are those of `findUnfilteredLabels`. */
export function findExclusion(
  subject: ExclusionSubject,
  labels: FilteredLabels,
  labelMapper: LabelMapper,
): Exclusion | undefined {
  return findFilterExclusion(labels, labelMapper) ?? findIncidentExclusion(subject, labelMapper);
}

/** The key of the provider's filter that leaves out all incidents with these labels. */
export function findFilterExclusion(
  { excluded, severity, service }: FilteredLabels,
  { provider }: LabelMapper,
): Exclusion | undefined {
  if (!excluded) return undefined;
  const { severities, services } = provider.filter;
  if (severities.length > 0 && !severities.includes(severity)) return 'filter_severities';
  return services.length > 0 && !services.includes(service) ? 'filter_services' : 'filter_teams';
}

/** Why an incident is left out whatever its labels. */
export function findIncidentExclusion(subject: ExclusionSubject, labelMapper: LabelMapper): Exclusion | undefined {
  return findFlag(subject) ?? findTitleOrLengthExclusion(subject, labelMapper);
}

/** Why an incident is in no duration, as the API says it: what happened to the incident comes before what filters say. */
export function findApiExclusion(
  subject: ExclusionSubject,
  { excluded }: Pick<IncidentLabels, 'excluded'>,
  labelMapper: LabelMapper,
): ApiExclusion | undefined {
  const flag = findFlag(subject) ?? ((subject.flags & FLAGS.merged) === 0 ? undefined : 'merged');
  return flag ?? (excluded ? 'filter' : findTitleOrLengthExclusion(subject, labelMapper));
}

function findFlag({ flags }: ExclusionSubject): 'deleted' | 'flagged' | 'expired' | 'flaky' | undefined {
  return (['deleted', 'flagged', 'expired', 'flaky'] as const).find((flag) => (flags & FLAGS[flag]) === FLAGS[flag]);
}

function findTitleOrLengthExclusion({ title, recoveryMs }: ExclusionSubject, labelMapper: LabelMapper) {
  if (title !== undefined && labelMapper.excludesTitle(title)) return 'exclude_titles';
  return recoveryMs !== undefined && labelMapper.excludesRecovery(recoveryMs) ? 'shorter_than' : undefined;
}

/** Labels as the filter sees them: what it leaves out has no slot among the limited services, and people know it by its name. */
export function findUnfilteredLabels(
  dimensionsRow: number,
  {
    history,
    labelMapper,
  }: { readonly history: Pick<StoreSnapshot, 'labels' | 'dimensions'>; readonly labelMapper: LabelMapper },
): IncidentLabels | undefined {
  const labels = history.labels(dimensionsRow);
  if (labels?.excluded !== true) return labels;
  return { ...labels, ...toLabels(labelMapper.map(history.dimensions(dimensionsRow))) };
}

/** The labels that a provider's mappings make. */
export function toLabels({ severity, ...labels }: MappedLabels): Omit<IncidentLabels, 'provider'> {
  return { ...labels, severity: severity.name };
}
