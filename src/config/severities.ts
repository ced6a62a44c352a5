import { HOUR_MS, MINUTE_MS } from '../model/time.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { SeverityEntry } from './schema.ts';
import type { SeverityConfig } from './types.ts';

/** The severities of a configuration that lists none, in order. */
const DEFAULTS: readonly SeverityEntry[] = [
  { name: 'P1', title: 'Critical', aliases: [], target: 30 * MINUTE_MS, acknowledge: 5 * MINUTE_MS },
  { name: 'P2', title: 'High', aliases: [], target: 2 * HOUR_MS, acknowledge: 15 * MINUTE_MS },
  { name: 'P3', title: 'Medium', aliases: [], target: 8 * HOUR_MS, acknowledge: HOUR_MS },
  { name: 'P4', title: 'Low', aliases: [], target: 24 * HOUR_MS, acknowledge: 4 * HOUR_MS },
  { name: 'P5', title: 'Info', aliases: [] },
];

/** Further names of the default severities; a configured name or alias takes precedence. */
const DEFAULT_ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['p1', ['sev1', 'sev-1', 'critical']],
  ['p2', ['sev2', 'sev-2', 'high']],
  ['p3', ['sev3', 'sev-3', 'medium']],
  ['p4', ['sev4', 'sev-4', 'low']],
  ['p5', ['sev5', 'sev-5', 'info']],
]);

/** Share of recoveries within the target where no objective is configured. */
const DEFAULT_OBJECTIVE = 0.9;

/** The default severities, each replaced by the configured one of its name, then the other configured ones. */
export function resolveSeverities(configured: readonly SeverityEntry[], diagnostics: Diagnostics): SeverityConfig[] {
  checkNames(configured, diagnostics);
  const byName = new Map([...DEFAULTS, ...configured].map((entry) => [entry.name.toLowerCase(), entry]));
  const entries = [...byName.values()];
  const used = new Set(entries.flatMap((entry) => [entry.name, ...entry.aliases]).map((name) => name.toLowerCase()));
  return entries.map((entry) => {
    const defaults = DEFAULT_ALIASES.get(entry.name.toLowerCase()) ?? [];
    const configuredAliases = entry.aliases.map((alias) => alias.toLowerCase());
    return {
      name: entry.name,
      title: entry.title,
      aliases: [...new Set([...configuredAliases, ...defaults.filter((alias) => !used.has(alias))])],
      targetMs: entry.target,
      acknowledgeMs: entry.acknowledge,
      objective: entry.target === undefined ? undefined : (entry.objective ?? DEFAULT_OBJECTIVE),
    };
  });
}

/** Each name and alias may stand for one severity only. */
function checkNames(configured: readonly SeverityEntry[], diagnostics: Diagnostics): void {
  const owners = new Map(DEFAULTS.map(({ name }) => [name.toLowerCase(), name]));
  const names = configured.map(({ name }) => name.toLowerCase());
  for (const [index, { name }] of configured.entries()) {
    const first = names.indexOf(name.toLowerCase());
    if (first < index) {
      const message = `is already listed, at severities[${first}]`;
      diagnostics.invalidValue({ path: ['severities', index, 'name'], message, expected: 'each name once' });
    }
    owners.set(name.toLowerCase(), name);
  }
  for (const [index, { name, aliases, target, objective }] of configured.entries()) {
    const path = ['severities', index];
    if (objective !== undefined && target === undefined) {
      const message = 'is set without a target';
      diagnostics.error({ path: [...path, 'objective'], message, expected: 'target as well' });
    }
    for (const [position, alias] of aliases.entries()) {
      const owner = owners.get(alias.toLowerCase()) ?? name;
      if (owner.toLowerCase() !== name.toLowerCase()) {
        diagnostics.invalidValue({
          path: [...path, 'aliases', position],
          message: `already stands for ${owner}`,
          expected: 'each name and alias to stand for one severity',
        });
      }
      owners.set(alias.toLowerCase(), owner);
    }
  }
}
