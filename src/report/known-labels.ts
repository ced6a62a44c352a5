import type { SeverityConfig } from '../config/types.ts';
import { InputError } from '../model/input-error.ts';
import { known, severityOf } from './filter.ts';

/** The labels that may be asked for. */
export interface LabelQuery {
  readonly service?: string | undefined;
  readonly severity?: string | undefined;
  readonly team?: string | undefined;
  readonly provider?: string | undefined;
}

/** The names that there are. */
export interface KnownNames {
  readonly services: Iterable<string>;
  readonly teams: Iterable<string>;
  readonly severities: readonly SeverityConfig[];
  readonly providers: readonly string[];
}

/** A field of a query that cannot be understood. */
export interface FieldError {
  readonly name: string;
  readonly reason: string;
}

/** The labels of a query under their names of today, and an error for each name that nothing has. */
export interface LabelSelection {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly errors: readonly FieldError[];
}

export function selectLabels(query: LabelQuery, names: KnownNames): LabelSelection {
  const find = {
    service: (value: string) => known('service', value, [...names.services]),
    severity: (value: string) => severityOf(value, names.severities),
    team: (value: string) => known('team', value, [...names.teams]),
    provider: (value: string) => known('provider', value, names.providers),
  };
  const labels: [string, string][] = [];
  const errors: FieldError[] = [];
  for (const name of ['service', 'severity', 'team', 'provider'] as const) {
    const value = query[name];
    if (value === undefined) continue;
    try {
      labels.push([name, find[name](value)]);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push({ name, reason: error.reason });
    }
  }
  return { labels, errors };
}
