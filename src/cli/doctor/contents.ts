import type { ProviderConfig } from '../../config/types.ts';
import type { FirstPage, ProbeReport } from '../../providers/probes.ts';
import { type Check, counted, named, some } from './checks.ts';
import type { Seen } from './seen.ts';

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
