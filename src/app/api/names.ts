import type { SeverityConfig } from '../../config/types.ts';
import { known, severityOf, UnknownName } from '../../report/filter.ts';
import { wrongParameters } from '../../server/api/problem.ts';

/** The labels that a client may ask for, by the names of their parameters. */
export interface AskedLabels {
  readonly service?: string | undefined;
  readonly severity?: string | undefined;
  readonly team?: string | undefined;
  readonly provider?: string | undefined;
}

/** The names that there are. */
export interface Names {
  readonly services: Iterable<string>;
  readonly teams: Iterable<string>;
  readonly severities: readonly SeverityConfig[];
  readonly providers: readonly string[];
}

/** The labels under their names of today, only those that were asked for; throws a RequestProblem that names every one that nothing has. */
export function knownLabels(asked: AskedLabels, names: Names): readonly (readonly [name: string, value: string])[] {
  const find = {
    service: (value: string) => known('service', value, [...names.services]),
    severity: (value: string) => severityOf(value, names.severities),
    team: (value: string) => known('team', value, [...names.teams]),
    provider: (value: string) => known('provider', value, names.providers),
  };
  const labels: [string, string][] = [];
  const errors: { name: string; reason: string }[] = [];
  for (const name of ['service', 'severity', 'team', 'provider'] as const) {
    const value = asked[name];
    if (value === undefined) continue;
    try {
      labels.push([name, find[name](value)]);
    } catch (error) {
      if (!(error instanceof UnknownName)) throw error;
      errors.push({ name, reason: error.message.replace(`unknown ${name}`, 'is unknown:') });
    }
  }
  if (errors.length > 0) throw wrongParameters(errors);
  return labels;
}
