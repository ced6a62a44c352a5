import { createReader, type FacetReading, type Reader } from '../../config/reading.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import type { SeveritySources } from '../../model/incident.ts';
import type { FirstPage, IncidentSample, ProbeReport } from '../../providers/probes.ts';
import { findFilterExclusion, toLabels } from '../../report/exclusion.ts';
import { type Check, counted, named, some } from './report.ts';

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
  const reader = createReader(provider, severities);
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

function leftOutBy(readings: readonly FacetReading[], reader: Reader): ReadonlyMap<FilterKey, readonly string[]> {
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

/** What the newest incidents show, once there is a page of them. */
export function contentChecks(report: ProbeReport, seen: Seen, provider: ProviderConfig): Check[] {
  const { firstPage } = report;
  if (firstPage === undefined) return [{ check: 'first page', result: 'untried', found: 'no list of incidents came' }];
  const page = pageCheck(firstPage, seen);
  return seen.incidents === 0 ? [page] : [page, serviceCheck(report, seen), severityCheck(seen, provider)];
}

function pageCheck({ incidents, rejected, detail, total }: FirstPage, seen: Seen): Check {
  const check = 'first page';
  const newestMs = incidents.reduce((newest, { triggeredAtMs }) => Math.max(newest, triggeredAtMs), 0);
  const numbers = {
    incidents: incidents.length,
    rejected,
    excluded: seen.excluded,
    ...(total === undefined ? {} : { history_incidents: total }),
    ...(incidents.length === 0 ? {} : { newest_timestamp_seconds: newestMs / 1000 }),
  };
  if (incidents.length + rejected === 0) {
    const found = 'no incident in the history: is it the right account, and does the key see all teams?';
    return { check, result: 'warning', found, numbers };
  }
  if (rejected > 0) {
    const found = `${counted(rejected)} of ${some(incidents.length + rejected, 'record')} cannot be read: ${detail ?? ''}`;
    return { check, result: 'warning', found, numbers };
  }
  const all = total === undefined ? '' : ` of ${counted(total)} in the history`;
  const found = `${some(incidents.length, 'incident')}${all}, all can be read, the newest of ${instant(newestMs)}`;
  if (seen.excluded < incidents.length) return { check, result: 'ok', found, numbers };
  const why = [...seen.leftOut].map(([key, names]) => `filter.${key} has none of ${named(names)}`).join('; ');
  return { check, result: 'warning', found: `${found}; but the filter leaves every one of them out: ${why}`, numbers };
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function serviceCheck({ services: listed }: ProbeReport, { services, servicesMax, incidents, excluded }: Seen): Check {
  const check = 'services';
  const numbers = { services: services.length, services_listed: listed?.count ?? 0, services_at_most: servicesMax };
  const more = listed === undefined || listed.isAll ? '' : ' or more';
  const all = listed === undefined ? '' : `; ${counted(listed.count)}${more} are listed`;
  const found = `${counted(services.length)} on the first page: ${named(services)}${all}`;
  const isNameless = incidents > excluded && services.every((service) => service === 'none');
  if (!isNameless) return { check, result: 'ok', found, numbers };
  return { check, result: 'warning', found: `no incident names one, so all have the service none${all}`, numbers };
}

function severityCheck(seen: Seen, { severity }: ProviderConfig): Check {
  const check = 'severities';
  const { unmapped, withoutSeverity, severities, incidents } = seen;
  const numbers = { severities: severities.length, unmapped: unmapped.length, incidents_without: withoutSeverity };
  const parts = [severities.length === 0 ? '' : `found ${named(severities)}`];
  if (withoutSeverity > 0) parts.push(`${some(withoutSeverity, 'incident')} without one: ${severity.default}`);
  if (unmapped.length === 0) {
    const result = withoutSeverity === incidents ? 'warning' : 'ok';
    return { check, result, found: parts.filter(Boolean).join('; '), numbers };
  }
  const words = unmapped.map(
    ({ word, incidents: count }) => `${word} (${count === 0 ? 'listed' : some(count, 'incident')})`,
  );
  parts.push(`not mapped: ${named(words)}: they become ${severity.default}; name them in severity.map or aliases`);
  return { check, result: 'warning', found: parts.filter(Boolean).join('; '), numbers };
}
