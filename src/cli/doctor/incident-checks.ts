import { createLabelMapper, type LabelMapper, type MappedLabels } from '../../config/label-mapper.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { formatCount } from '../../model/format.ts';
import type { SeveritySources } from '../../model/incident.ts';
import type { FirstPage, IncidentSample, ProbeReport } from '../../providers/probes.ts';
import { findFilterExclusion, toLabels } from '../../report/exclusion.ts';
import { type Check, listNames, numberText } from './report.ts';

/** A severity of the platform that the configuration does not map; `incidents` is 0 if the platform only lists it. */
export interface UnmappedSeverity {
  readonly value: string;
  readonly incidents: number;
}

/** What the configuration makes of the incidents on the first page and of what the platform lists. */
export interface SampleSummary {
  readonly incidents: number;
  /** Outside the provider's filter. */
  readonly excluded: number;
  /** By the key of the filter that excludes incidents, the names that it lacks. */
  readonly missingInFilter: ReadonlyMap<FilterKey, readonly string[]>;
  readonly services: readonly string[];
  /** Services of the first page and of the platform's list, after renaming. */
  readonly servicesMax: number;
  readonly severities: readonly string[];
  readonly teams: readonly string[];
  /** Distinct (service, severity), and distinct (service, severity, team). */
  readonly pairs: number;
  readonly triples: number;
  readonly unmapped: readonly UnmappedSeverity[];
  readonly withoutSeverity: number;
}

type FilterKey = 'severities' | 'services' | 'teams';

/** Applies the mappings, names and filter of the configuration. */
export function summariseSample(
  report: ProbeReport,
  provider: ProviderConfig,
  { severities, services: own }: Pick<Config, 'severities'> & Partial<Pick<Config, 'services'>>,
): SampleSummary {
  const labelMapper = createLabelMapper(provider, severities, own);
  const mapLabels = (of: Pick<IncidentSample, 'serviceId' | 'serviceName' | 'team' | 'severity'>) =>
    labelMapper.map({ row: 0, provider: provider.name, ...of, team: of.team ?? '' });
  const toListed = (serviceName: string, severity: SeveritySources = {}) =>
    mapLabels({ serviceId: '', serviceName, team: '', severity });
  const all = (report.firstPage?.incidents ?? []).map(mapLabels);
  const kept = all.filter(({ excluded }) => !excluded);
  const listed = report.services ?? { names: [], count: 0 };
  const services = distinct(kept.map(({ service }) => service));
  const allServices = distinct([...services, ...listed.names.map((name) => toListed(name).service)]).filter(
    (service) => provider.filter.services.length === 0 || provider.filter.services.includes(service),
  );
  const values = [
    ...all.map(({ severity }) => ({ ...severity.unmapped, incidents: 1 })),
    ...(report.severities ?? []).map((one) => ({ ...toListed('', one).severity.unmapped, incidents: 0 })),
  ];
  return {
    incidents: all.length,
    excluded: all.length - kept.length,
    missingInFilter: findMissingInFilter(
      all.filter(({ excluded }) => excluded),
      labelMapper,
    ),
    services,
    servicesMax: allServices.length + Math.max(0, listed.count - listed.names.length),
    severities: distinct(kept.map(({ severity }) => severity.name)),
    teams: distinct(kept.map(({ team }) => team)),
    pairs: distinct(kept.map(({ service, severity }) => JSON.stringify([service, severity.name]))).length,
    triples: distinct(kept.map(({ service, severity, team }) => JSON.stringify([service, severity.name, team]))).length,
    unmapped: countUnmapped(values),
    withoutSeverity: values.filter(({ reason, incidents }) => reason === 'missing' && incidents > 0).length,
  };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function findMissingInFilter(
  excluded: readonly MappedLabels[],
  labelMapper: LabelMapper,
): ReadonlyMap<FilterKey, readonly string[]> {
  const all = excluded.flatMap((labels): [FilterKey, string][] => {
    const exclusion = findFilterExclusion(toLabels(labels), labelMapper);
    if (exclusion === 'filter_severities') return [['severities', labels.severity.name]];
    return exclusion === 'filter_services' ? [['services', labels.service]] : [['teams', labels.team]];
  });
  const byKey = Map.groupBy(all, ([key]) => key);
  return new Map([...byKey].map(([key, pairs]) => [key, distinct(pairs.map(([, name]) => name))]));
}

function countUnmapped(
  values: readonly { reason?: string; value?: string | undefined; incidents: number }[],
): UnmappedSeverity[] {
  const counts = new Map<string, number>();
  for (const { reason, value, incidents } of values) {
    if (reason === 'unknown' && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + incidents);
  }
  return [...counts].map(([value, incidents]) => ({ value, incidents }));
}

/** What the newest incidents show, once there is a page of them. */
export function incidentChecks(report: ProbeReport, sample: SampleSummary, provider: ProviderConfig): Check[] {
  const { firstPage } = report;
  if (firstPage === undefined) return [{ check: 'first page', result: 'untried', found: 'incidents were not listed' }];
  const page = checkFirstPage(firstPage, sample);
  return sample.incidents === 0 ? [page] : [page, checkServices(report, sample), checkSeverities(sample, provider)];
}

function checkFirstPage({ incidents, rejected, detail, total }: FirstPage, sample: SampleSummary): Check {
  const check = 'first page';
  const newestMs = incidents.reduce((newest, { triggeredAtMs }) => Math.max(newest, triggeredAtMs), 0);
  const numbers = {
    incidents: incidents.length,
    rejected,
    excluded: sample.excluded,
    ...(total === undefined ? {} : { history_incidents: total }),
    ...(incidents.length === 0 ? {} : { newest_timestamp_seconds: newestMs / 1000 }),
  };
  const warning = (found: string): Check => ({ check, result: 'warning', found, numbers });
  if (incidents.length + rejected === 0) {
    return warning('no incidents in the history: is it the right account, and can the key read all teams?');
  }
  if (rejected > 0) {
    const records = formatCount(incidents.length + rejected, 'record');
    return warning(`${numberText(rejected)} of ${records} cannot be parsed: ${detail ?? ''}`);
  }
  const all = total === undefined ? '' : ` of ${numberText(total)} in the history`;
  const newest = new Date(newestMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const found = `${formatCount(incidents.length, 'incident')}${all}, all can be parsed, the newest from ${newest}`;
  if (sample.excluded < incidents.length) return { check, result: 'ok', found, numbers };
  const keys = [...sample.missingInFilter].map(([key, names]) => `filter.${key} has none of ${listNames(names)}`);
  return warning(`${found}; but the filter excludes all of them: ${keys.join('; ')}`);
}

function checkServices({ services: listed }: ProbeReport, sample: SampleSummary): Check {
  const check = 'services';
  const { services, servicesMax, incidents, excluded } = sample;
  const numbers = { services: services.length, services_listed: listed?.count ?? 0, services_at_most: servicesMax };
  const orMore = listed === undefined || listed.isAll ? '' : ' or more';
  const all = listed === undefined ? '' : `; ${numberText(listed.count)}${orMore} listed by the platform`;
  const found = `${numberText(services.length)} on the first page: ${listNames(services)}${all}`;
  const isNameless = incidents > excluded && services.every((service) => service === 'none');
  if (!isNameless) return { check, result: 'ok', found, numbers };
  return { check, result: 'warning', found: `no incident has one: all are of the service "none"${all}`, numbers };
}

function checkSeverities(sample: SampleSummary, { severity }: ProviderConfig): Check {
  const check = 'severities';
  const { unmapped, withoutSeverity, severities, incidents } = sample;
  const numbers = { severities: severities.length, unmapped: unmapped.length, incidents_without: withoutSeverity };
  const parts = severities.length === 0 ? [] : [`found ${listNames(severities)}`];
  if (withoutSeverity > 0) parts.push(`${formatCount(withoutSeverity, 'incident')} without one: ${severity.default}`);
  if (unmapped.length > 0) {
    const values = unmapped.map(
      ({ value, incidents: count }) => `${value} (${count === 0 ? 'listed' : formatCount(count, 'incident')})`,
    );
    parts.push(
      `not mapped: ${listNames(values)}: they become ${severity.default}; add them to severity.map or aliases`,
    );
  }
  const isWarning = unmapped.length > 0 || withoutSeverity === incidents;
  return { check, result: isWarning ? 'warning' : 'ok', found: parts.join('; '), numbers };
}
