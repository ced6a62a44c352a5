import { z } from 'zod';
import { parseSource } from '../config/sources.ts';
import type { ProviderConfig } from '../config/types.ts';
import type { SeveritySources } from '../model/incident.ts';

/** What a record says of severity, service and team, as the platform's schema gives it. */
export interface SourcedRecord {
  readonly severity: SeveritySources;
  readonly serviceId?: string | undefined;
  readonly serviceName?: string | undefined;
  readonly teamId?: string | undefined;
  readonly team?: string | undefined;
  /** Its tags, labels or custom fields by name. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The part of a provider's configuration that says where severity, service and team are kept. */
export type SourceConfig = Pick<ProviderConfig, 'severity' | 'services' | 'team'>;

/** An e-mail address names a person. */
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * The record with severity, service and team from where `from` finds them; `raw` is the record as the platform sent it. What
 * `severity.tag` found stays first; a severity that a tag, label or field decides takes its place.
 */
export function applySources<Item extends SourcedRecord>(record: Item, raw: unknown, config: SourceConfig): Item {
  const { severity, services, team } = config;
  const find = (source: string) => findValue(source, record, raw);
  const applied = { ...record };
  if (severity.from.some(isNamed)) {
    const first = severity.from.find((source) => find(source) !== undefined);
    const tag = first !== undefined && isNamed(first) ? find(first) : undefined;
    Object.assign(applied, { severity: { ...record.severity, tag: record.severity.tag ?? tag } });
  }
  if (services.from !== undefined) {
    const hasOwn = isText(record.serviceId) || isText(record.serviceName);
    const service = firstOf(services.from, hasOwn ? 'service' : undefined, find);
    if (service !== OWN) Object.assign(applied, { serviceId: service ?? '', serviceName: service ?? '' });
  }
  if (team !== undefined) {
    const hasOwn = isText(record.teamId) || isText(record.team);
    const found = firstOf(team.from, hasOwn ? 'team' : undefined, find);
    if (found !== OWN) Object.assign(applied, { team: found }, 'teamId' in record ? { teamId: undefined } : {});
  }
  return applied;
}

/** The schema of a record with severity, service and team from where the configuration says. */
export function withSources<Item extends SourcedRecord>(
  schema: z.ZodType<Item>,
  config: SourceConfig,
): z.ZodType<Item> {
  if (sourcesKey(config).length === 0) return schema;
  return z.unknown().transform((raw, context): Item => {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return applySources(parsed.data, raw, config);
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
}

/** What stored records depend on: when it changes, they are read again. Empty where the platform's own values are enough. */
export function sourcesKey({ severity, services, team }: SourceConfig): string[] {
  const lists = [
    ['severity', severity.from.some(isNamed) ? severity.from : []],
    ['service', services.from ?? []],
    ['team', team?.from ?? []],
  ] as const;
  return lists.flatMap(([name, from]) => (from.length === 0 ? [] : [`${name}: ${from.join(', ')}`]));
}

/** Names of the tags that the lists of a provider mention. */
export function tagNames({ severity, services, team }: SourceConfig): string[] {
  const all = [...severity.from, ...(services.from ?? []), ...(team?.from ?? [])].map(parseSource);
  return [...new Set(all.flatMap((source) => (source?.kind === 'tag' ? [source.name] : [])))];
}

/** Paths of the fields that the lists of a provider mention. */
export function fieldPaths({ severity, services, team }: SourceConfig): string[] {
  const all = [...severity.from, ...(services.from ?? []), ...(team?.from ?? [])].map(parseSource);
  return [...new Set(all.flatMap((source) => (source?.kind === 'field' ? [source.name] : [])))];
}

/** The platform's own service or team decides. */
const OWN = Symbol('own');

function firstOf(
  from: readonly string[],
  own: string | undefined,
  find: (source: string) => string | undefined,
): string | typeof OWN | undefined {
  for (const source of from) {
    if (source === own) return OWN;
    const value = find(source);
    if (value !== undefined) return value;
  }
  return undefined;
}

function isNamed(source: string): boolean {
  return source !== 'priority' && source !== 'urgency';
}

function findValue(source: string, { severity, tags = {} }: SourcedRecord, raw: unknown): string | undefined {
  const parsed = parseSource(source);
  if (parsed === undefined) return undefined;
  const { kind, name } = parsed;
  if (kind === 'priority' || kind === 'urgency') return toText(severity[kind]);
  const value = kind === 'field' ? textAt(raw, name.split('.')) : Object.hasOwn(tags, name) && tags[name];
  const text = toText(value);
  return text === undefined || ADDRESS.test(text) ? undefined : text;
}

/** What stands at a path of a record; of a list its first element, unless the path has its index. */
function textAt(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (Array.isArray(value) && !/^\d+$/.test(key ?? '')) return textAt(value[0], path);
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return textAt(Object.entries(value).find(([name]) => name === key)?.[1], rest);
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'number' || value === true) return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function isText(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
