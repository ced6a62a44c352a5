import { dirname, resolve } from 'node:path';
import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import type { Context } from './context.ts';
import { ConfigError } from './diagnostics.ts';
import { parseYaml } from './document.ts';
import { isMapping } from './object-path.ts';
import type { Settings } from './schema.ts';
import { readErrorText } from './secrets.ts';
import type { ServiceOverride, ServiceSettings } from './types.ts';

/** Overrides and owners of services; the file of owners is found beside the configuration file `filename`. */
export function resolveServices(settings: Settings, filename: string, context: Context): ServiceSettings {
  const { services, owners } = settings;
  return {
    overrides: new Map(Object.entries(services.overrides).map(([name, one]) => [name, toOverride(name, one, context)])),
    teams: owners === undefined ? new Map() : readOwners(owners, resolve(dirname(filename), owners), context),
  };
}

type OverrideKeys = Settings['services']['overrides'][string];

function toOverride(service: string, { targets, team }: OverrideKeys, context: Context): ServiceOverride {
  const path = ['services', 'overrides', service, 'targets'];
  const targetsMs = new Map<string, number>();
  for (const [word, ms] of Object.entries(targets)) {
    const severity = context.severities.find(({ name }) => name.toLowerCase() === word.toLowerCase())?.name;
    const problem = { path: [...path, word], displayPath: path };
    const expected = context.severities.map(({ name }) => name).join(', ');
    if (severity === undefined) {
      const message = `${JSON.stringify(word)} is not a configured severity`;
      context.diagnostics.error({ ...problem, message, expected });
    } else if (targetsMs.has(severity)) {
      context.diagnostics.error({ ...problem, message: `has ${severity} twice`, expected: 'each severity once' });
    } else targetsMs.set(severity, ms);
  }
  return { targetsMs, team };
}

/** Much more than any organisation has services. */
const OWNERS_LENGTH_MAX = 10_000_000;

function readOwners(file: string, path: string, { readFile, diagnostics }: Context): ReadonlyMap<string, string> {
  const refuse = (
    message: string,
    expected = 'a YAML mapping of services to teams, or CSV with the columns service,team',
  ) => diagnostics.invalidValue({ path: ['owners'], message, expected });
  let text: string;
  try {
    text = readFile(path).replace(/^\uFEFF/, '');
  } catch (error) {
    refuse(`cannot be read: ${readErrorText(error)}`);
    return new Map();
  }
  if (text.length > OWNERS_LENGTH_MAX) {
    refuse('is too large', `at most ${OWNERS_LENGTH_MAX} characters`);
    return new Map();
  }
  const isCsv = /\.csv$/i.test(file) || /^\s*"?service"?\s*,\s*"?team"?\s*$/im.test(text.split(/\r?\n/)[0] ?? '');
  const pairs = isCsv ? readCsvPairs(text, refuse) : readYamlPairs(text, file, refuse);
  const owners = new Map<string, string>();
  for (const { service, team, line } of pairs) {
    if (owners.has(service)) refuse(`has the service ${JSON.stringify(service)} twice${line}`, 'each service once');
    owners.set(service, team);
  }
  return owners;
}

interface Pair {
  readonly service: string;
  readonly team: string;
  /** Where it is in the file, for messages. */
  readonly line: string;
}

type Refuse = (message: string, expected?: string) => void;

function readYamlPairs(text: string, file: string, refuse: Refuse): Pair[] {
  try {
    const { value } = parseYaml(text, file);
    if (value === null) return [];
    if (!isMapping(value)) {
      refuse('is no mapping');
      return [];
    }
    return Object.entries(value).flatMap(([service, team]) => {
      const isName = typeof team === 'string' || typeof team === 'number';
      if (isName && String(team).trim() !== '') return [{ service, team: String(team).trim(), line: '' }];
      refuse(`has no team for ${JSON.stringify(service)}`, 'the name of a team');
      return [];
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse('is not YAML', 'a YAML mapping of services to teams');
    return [];
  }
}

function readCsvPairs(text: string, refuse: Refuse): Pair[] {
  try {
    const rows: string[][] = parseCsv(text, {
      comment: '#',
      comment_no_infix: true,
      trim: true,
      skip_empty_lines: true,
    });
    const [head = [], ...body] = rows;
    const names = head.map((name) => name.toLowerCase());
    const [serviceAt, teamAt] = [names.indexOf('service'), names.indexOf('team')];
    if (serviceAt < 0 || teamAt < 0) {
      refuse('has no columns service and team in its first line', 'a first line service,team');
      return [];
    }
    return body.flatMap((row, index) => {
      const [service = '', team = ''] = [row[serviceAt], row[teamAt]];
      if (service !== '' && team !== '') return [{ service, team, line: ` (row ${index + 2})` }];
      refuse(`has no ${service === '' ? 'service' : 'team'} in row ${index + 2}`, 'a service and its team');
      return [];
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    refuse(`is not CSV: ${error.code}`);
    return [];
  }
}
