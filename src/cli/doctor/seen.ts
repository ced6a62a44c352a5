import { createLabelMapper, type LabelMapper, type MappedLabels } from '../../config/label-mapper.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import type { SeveritySources } from '../../model/incident.ts';
import type { IncidentSample, ProbeReport } from '../../providers/probes.ts';
import { findFilterExclusion, toLabels } from '../../report/exclusion.ts';

/** A word of the platform that no severity is called, and how many incidents carry it (0: it is only listed). */
export interface Unmapped {
  readonly word: string;
  readonly incidents: number;
}

/** What today's configuration makes of the incidents on the first page and of what the platform lists. */
export interface Seen {
  readonly incidents: number;
  /** Outside the provider's filter. */
  readonly excluded: number;
  /** By the key of the filter that leaves incidents out, the names of theirs that it does not have. */
  readonly leftOut: ReadonlyMap<FilterKey, readonly string[]>;
  readonly services: readonly string[];
  /** Services with the listed ones among them, as they are called after renaming. */
  readonly servicesMax: number;
  readonly severities: readonly string[];
  readonly teams: readonly string[];
  /** Distinct (service, severity) and, of these, (service, severity, team). */
  readonly pairs: number;
  readonly triples: number;
  readonly unmapped: readonly Unmapped[];
  /** Incidents that have no severity at all. */
  readonly withoutSeverity: number;
}

type FilterKey = 'severities' | 'services' | 'teams';

/** Reads the diagnosis with the mappings, names and filter of the configuration. */
export function seenIn(
  report: ProbeReport,
  provider: ProviderConfig,
  { severities }: Pick<Config, 'severities'>,
): Seen {
  const reader = createLabelMapper(provider, severities);
  const facetOf = (of: Pick<IncidentSample, 'serviceId' | 'serviceName' | 'team' | 'severity'>) =>
    reader.facet({ row: 0, provider: provider.name, ...of, team: of.team ?? '' });
  const all = (report.firstPage?.incidents ?? []).map(facetOf);
  const kept = all.filter(({ excluded }) => !excluded);
  const listed = report.services ?? { names: [], count: 0 };
  const called = (serviceName: string) => facetOf({ serviceId: '', serviceName, team: '', severity: {} }).service;
  const services = distinct(kept.map(({ service }) => service));
  const allServices = distinct([...services, ...listed.names.map(called)]).filter(
    (service) => provider.filter.services.length === 0 || provider.filter.services.includes(service),
  );
  const inListOnly = (severity: SeveritySources) => facetOf({ serviceId: '', serviceName: '', team: '', severity });
  const words = [
    ...all.map(({ severity }) => ({ ...severity.unmapped, incidents: 1 })),
    ...(report.severities ?? []).map((one) => ({ ...inListOnly(one).severity.unmapped, incidents: 0 })),
  ];
  return {
    incidents: all.length,
    excluded: all.length - kept.length,
    leftOut: leftOutBy(
      all.filter(({ excluded }) => excluded),
      reader,
    ),
    services,
    servicesMax: allServices.length + Math.max(0, listed.count - listed.names.length),
    severities: distinct(kept.map(({ severity }) => severity.name)),
    teams: distinct(kept.map(({ team }) => team)),
    pairs: distinct(kept.map(({ service, severity }) => JSON.stringify([service, severity.name]))).length,
    triples: distinct(kept.map(({ service, severity, team }) => JSON.stringify([service, severity.name, team]))).length,
    unmapped: unmappedOf(words),
    withoutSeverity: words.filter(({ reason, incidents }) => reason === 'missing' && incidents > 0).length,
  };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function leftOutBy(readings: readonly MappedLabels[], reader: LabelMapper): ReadonlyMap<FilterKey, readonly string[]> {
  const all = readings.flatMap((reading): [FilterKey, string][] => {
    const { service, severity, team } = reading;
    const exclusion = findFilterExclusion(toLabels(reading), reader);
    if (exclusion === 'filter_severities') return [['severities', severity.name]];
    return exclusion === 'filter_services' ? [['services', service]] : [['teams', team]];
  });
  const byKey = Map.groupBy(all, ([key]) => key);
  return new Map([...byKey].map(([key, pairs]) => [key, distinct(pairs.map(([, name]) => name))]));
}

function unmappedOf(words: readonly { reason?: string; value?: string | undefined; incidents: number }[]): Unmapped[] {
  const found = new Map<string, number>();
  for (const { reason, value, incidents } of words) {
    if (reason === 'unknown' && value !== undefined) found.set(value, (found.get(value) ?? 0) + incidents);
  }
  return [...found].map(([word, incidents]) => ({ word, incidents }));
}
