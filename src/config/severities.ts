import { HOUR_MS, MINUTE_MS } from '../model/time.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Settings, SeverityEntry } from './schema.ts';
import type { SeverityConfig } from './types.ts';

/** The severities of a configuration that lists none, in order. */
const DEFAULTS: readonly SeverityEntry[] = [
  { name: 'P1', title: 'Critical', aliases: [], target: 30 * MINUTE_MS, acknowledge: 5 * MINUTE_MS },
  { name: 'P2', title: 'High', aliases: [], target: 2 * HOUR_MS, acknowledge: 15 * MINUTE_MS },
  { name: 'P3', title: 'Medium', aliases: [], target: 8 * HOUR_MS, acknowledge: HOUR_MS },
  { name: 'P4', title: 'Low', aliases: [], target: 24 * HOUR_MS, acknowledge: 4 * HOUR_MS },
  { name: 'P5', title: 'Info', aliases: [] },
];

/** Further names of the severities P1 to P5; a configured name, alias or title takes precedence. */
const DEFAULT_ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['p1', ['sev1', 'sev-1', 'critical']],
  ['p2', ['sev2', 'sev-2', 'high']],
  ['p3', ['sev3', 'sev-3', 'medium']],
  ['p4', ['sev4', 'sev-4', 'low']],
  ['p5', ['sev5', 'sev-5', 'info']],
]);

/** Share of recoveries within the target where no objective is configured. */
const DEFAULT_OBJECTIVE = 0.9;

/** A name as it is compared: without case, spaces, `_` and `-`. */
export function normalizeSeverity(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/gu, '');
}

/** The default severities, each replaced by the configured one of its name, and the other configured ones; worst first. */
export function resolveSeverities(settings: Settings, diagnostics: Diagnostics): SeverityConfig[] {
  const configured = settings.severities;
  const defaults = settings.default_severities ? DEFAULTS : [];
  checkNames(configured, defaults, diagnostics);
  const byName = new Map([...defaults, ...configured].map((entry) => [normalizeSeverity(entry.name), entry]));
  const entries = [...byName.values()];
  const owners = ownersOfWords(entries, configured);
  const ranks = entries.map((entry, position) => entry.rank ?? numberIn(entry.name) ?? position);
  const ordered = [...new Set(ranks)].sort((a, b) => a - b);
  const severities = entries.map((entry, position): SeverityConfig => {
    const builtIn = DEFAULT_ALIASES.get(normalizeSeverity(entry.name)) ?? [];
    const aliases = entry.aliases.map((alias) => alias.toLowerCase());
    return {
      name: entry.name,
      rank: ordered.indexOf(ranks[position] ?? 0),
      title: entry.title,
      aliases: [...new Set([...aliases, ...builtIn.filter((alias) => owners.get(normalizeSeverity(alias)) === entry)])],
      words: [...owners].flatMap(([word, owner]) => (owner === entry ? [word] : [])).sort(),
      targetMs: entry.target,
      stageTargetsMs: stageTargets(entry),
      objective: entry.target === undefined ? undefined : (entry.objective ?? DEFAULT_OBJECTIVE),
    };
  });
  return severities.sort((a, b) => a.rank - b.rank);
}

/** `1` of P1, sev-1 and "Sev 1". */
function numberIn(name: string): number | undefined {
  const digits = /\d+/.exec(name)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

function stageTargets({ detect, acknowledge, identify, mitigate }: SeverityEntry): SeverityConfig['stageTargetsMs'] {
  return {
    ...(detect === undefined ? {} : { detection: detect }),
    ...(acknowledge === undefined ? {} : { acknowledgement: acknowledge }),
    ...(identify === undefined ? {} : { identification: identify }),
    ...(mitigate === undefined ? {} : { mitigation: mitigate }),
  };
}

/**
 * Which severity each normalized word stands for. Configured names come first, then configured aliases, then configured
 * titles, then what is built in; a title of two severities stands for none.
 */
function ownersOfWords(entries: readonly SeverityEntry[], configured: readonly SeverityEntry[]) {
  const owners = new Map<string, SeverityEntry | undefined>();
  const claim = (claims: readonly (readonly [word: string, entry: SeverityEntry])[]) => {
    const normalized = claims.map(([word, entry]) => [normalizeSeverity(word), entry] as const);
    const free = normalized.filter(([word]) => word !== '' && !owners.has(word));
    for (const [word, entry] of free) {
      const isShared = free.some(([otherWord, other]) => otherWord === word && other !== entry);
      owners.set(word, isShared ? undefined : entry);
    }
  };
  const titles = (from: readonly SeverityEntry[]) =>
    from.flatMap((entry) => (entry.title === undefined ? [] : [[entry.title, entry] as const]));
  const builtIn = entries.flatMap((entry) =>
    (DEFAULT_ALIASES.get(normalizeSeverity(entry.name)) ?? []).map((alias) => [alias, entry] as const),
  );
  claim(configured.map((entry) => [entry.name, entry] as const));
  claim(configured.flatMap((entry) => entry.aliases.map((alias) => [alias, entry] as const)));
  claim(titles(configured));
  claim(entries.map((entry) => [entry.name, entry] as const));
  claim(builtIn);
  claim(titles(entries));
  return owners;
}

/** Each name and alias may stand for one severity only. */
function checkNames(
  configured: readonly SeverityEntry[],
  defaults: readonly SeverityEntry[],
  diagnostics: Diagnostics,
): void {
  if (defaults.length === 0 && configured.length === 0) {
    const message = 'is false without severities';
    diagnostics.error({ path: ['default_severities'], message, expected: 'severities as well' });
  }
  const owners = new Map(defaults.map(({ name }) => [normalizeSeverity(name), name]));
  const names = configured.map(({ name }) => normalizeSeverity(name));
  for (const [index, { name }] of configured.entries()) {
    const first = names.indexOf(normalizeSeverity(name));
    const path = ['severities', index, 'name'];
    if (normalizeSeverity(name) === '') {
      diagnostics.invalidValue({ path, message: 'has no letter or digit', expected: 'a name such as P1' });
    } else if (first < index) {
      const message = `is already listed, at severities[${first}]`;
      diagnostics.invalidValue({ path, message, expected: 'each name once' });
    }
    owners.set(normalizeSeverity(name), name);
  }
  for (const [index, { name, aliases, target, objective }] of configured.entries()) {
    const path = ['severities', index];
    if (objective !== undefined && target === undefined) {
      const message = 'is set without a target';
      diagnostics.error({ path: [...path, 'objective'], message, expected: 'target as well' });
    }
    for (const [position, alias] of aliases.entries()) {
      const owner = owners.get(normalizeSeverity(alias)) ?? name;
      if (normalizeSeverity(owner) !== normalizeSeverity(name)) {
        diagnostics.invalidValue({
          path: [...path, 'aliases', position],
          message: `already stands for ${owner}`,
          expected: 'each name and alias to stand for one severity',
        });
      }
      owners.set(normalizeSeverity(alias), owner);
    }
  }
}
