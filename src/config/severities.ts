import { HOUR_MS, MINUTE_MS } from '../model/time.ts';
import type { Findings } from './findings.ts';
import { listText, type Path } from './problems.ts';
import type { SeverityEntry } from './settings-schema.ts';
import type { SeverityConfig } from './types.ts';

/** The severities of a configuration that lists none, in order. */
const DEFAULTS: readonly SeverityEntry[] = [
  { name: 'P1', title: 'Critical', aliases: [], target: 30 * MINUTE_MS, acknowledge: 5 * MINUTE_MS },
  { name: 'P2', title: 'High', aliases: [], target: 2 * HOUR_MS, acknowledge: 15 * MINUTE_MS },
  { name: 'P3', title: 'Medium', aliases: [], target: 8 * HOUR_MS, acknowledge: HOUR_MS },
  { name: 'P4', title: 'Low', aliases: [], target: 24 * HOUR_MS, acknowledge: 4 * HOUR_MS },
  { name: 'P5', title: 'Info', aliases: [] },
];

/** What else the default severities are called; a name or alias of the configuration goes before these. */
const BUILT_IN_ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['p1', ['sev1', 'sev-1', 'critical']],
  ['p2', ['sev2', 'sev-2', 'high']],
  ['p3', ['sev3', 'sev-3', 'medium']],
  ['p4', ['sev4', 'sev-4', 'low']],
  ['p5', ['sev5', 'sev-5', 'info']],
]);

/** Share of recoveries within the target where no objective is configured. */
const DEFAULT_OBJECTIVE = 0.9;

/** The default severities with the configured ones in their places, new ones behind them. */
export function resolveSeverities(listed: readonly SeverityEntry[], findings: Findings): SeverityConfig[] {
  checkListed(listed, findings);
  const byWord = new Map([...DEFAULTS, ...listed].map((entry) => [entry.name.toLowerCase(), entry]));
  const entries = [...byWord.values()];
  const taken = new Set(entries.flatMap((entry) => [entry.name, ...entry.aliases]).map((word) => word.toLowerCase()));
  return entries.map((entry) => {
    const word = entry.name.toLowerCase();
    const builtIn = (BUILT_IN_ALIASES.get(word) ?? []).filter((alias) => !taken.has(alias));
    const own = entry.aliases.map((alias) => alias.toLowerCase());
    return {
      name: entry.name,
      title: entry.title,
      aliases: [...new Set([...own, ...builtIn])],
      targetMs: entry.target,
      acknowledgeMs: entry.acknowledge,
      objective: entry.target === undefined ? undefined : (entry.objective ?? DEFAULT_OBJECTIVE),
    };
  });
}

/** Each word may mean one severity only. */
function checkListed(listed: readonly SeverityEntry[], findings: Findings): void {
  const owners = new Map(DEFAULTS.map(({ name }) => [name.toLowerCase(), name]));
  for (const [index, { name }] of listed.entries()) {
    const word = name.toLowerCase();
    const earlier = listed.findIndex((entry) => entry.name.toLowerCase() === word);
    if (earlier < index) {
      findings.refuse(['severities', index, 'name'], `is listed before, at severities[${earlier}]; expected it once`);
    }
    owners.set(word, name);
  }
  for (const [index, { name, aliases, target, objective }] of listed.entries()) {
    if (objective !== undefined && target === undefined) {
      findings.say(['severities', index, 'objective'], 'stands without a target; expected target beside it');
    }
    for (const [place, alias] of aliases.entries()) {
      const owner = owners.get(alias.toLowerCase()) ?? name;
      const path = ['severities', index, 'aliases', place];
      if (owner.toLowerCase() !== name.toLowerCase()) {
        findings.refuse(path, `is what ${owner} is called too; expected each name and alias to mean one severity`);
      }
      owners.set(alias.toLowerCase(), owner);
    }
  }
}

/** The configured severity of that name, compared without case; undefined, and told, when there is none. */
export function severityNamed(
  { name, path }: { name: string; path: Path },
  severities: readonly SeverityConfig[],
  findings: Findings,
): string | undefined {
  const found = severities.find((severity) => severity.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const names = severities.map((severity) => severity.name);
    findings.refuse(path, `is not a configured severity; expected ${listText(names)}`);
  }
  return found?.name;
}
