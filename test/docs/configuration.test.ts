import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { isRequired } from '../../src/config/schema.ts';
import { platforms } from '../../src/providers/registry.ts';
import { parseWebConfig } from '../../src/server/web-config.ts';
import { codeBlocks, pages, readPage } from './markdown.ts';

const page = readPage('docs/configuration.md');
const [keysPart = ''] = page.split('## Not in this version');

/** One line of a table of keys. */
interface Documented {
  /** The names in the first cell. */
  readonly keys: readonly string[];
  readonly cells: readonly string[];
  /** The heading that it stands below. */
  readonly section: string;
}

function documentedKeys(): Documented[] {
  let section = '';
  return keysPart.split('\n').flatMap((line) => {
    const heading = /^##+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    if (!/^\| `[a-z]/.test(line)) return [];
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    return [{ keys: [...(cells[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key ?? ''), cells, section }];
  });
}

/** All names of keys, as the configuration itself knows them. */
function schemaKeys(): Set<string> {
  const keys = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('properties' in node && typeof node.properties === 'object') {
      for (const key of Object.keys(node.properties ?? {})) keys.add(key);
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(jsonSchema(platforms));
  return keys;
}

const keys = schemaKeys();
const documented = documentedKeys();

describe('docs/configuration.md', () => {
  it('lists every key', () => {
    const listed = new Set([...keysPart.matchAll(/`([a-z_.]+)`/g)].flatMap(([, path = '']) => path.split('.')));

    expect(keys.size).toBeGreaterThan(40);
    const types = new Set(platforms.map(({ type }) => type));
    expect([...keys].filter((key) => !listed.has(key) && !types.has(key))).toEqual([]);
  });

  it.each(platforms)('has a line for each own key of $type', ({ type, shape }) => {
    const isOf = (cell = '') => cell.split(/[,;]\s*/).includes(type);
    const lines = documented.filter(({ cells }) => isOf(cells[1]));

    const listed = new Set(lines.flatMap((one) => one.keys).map((path) => path.split('.')[0]));

    expect(Object.keys(shape).filter((key) => !listed.has(key))).toEqual([]);
  });

  it('lists no unknown key', () => {
    const listed = documented.flatMap((one) => one.keys);

    expect(listed.length).toBeGreaterThan(40);
    expect(listed.flatMap((path) => path.split('.')).filter((word) => !keys.has(word))).toEqual([]);
  });

  const withDefault = documented.flatMap(({ keys: [path], cells, section }) => {
    const shown = /^`([^`]+)`$/.exec(cells[2] ?? '')?.[1];
    return path === undefined || shown === undefined || section === 'The short form' ? [] : [{ path, shown, cells }];
  });
  const ownKeys = ['poll_interval', 'timeout', 'overall', 'region', 'source', 'severity.', 'services.', 'filter.'];

  it.each(withDefault)('shows the real default of $path', ({ path, shown, cells }) => {
    const owner = platforms.find((platform) => platform.type === cells[1]);
    const isOfProvider = owner !== undefined || ownKeys.some((own) => path.startsWith(own));
    const value: unknown = parse(shown);
    const written = path.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value);
    const withIt = (more: unknown) => {
      const entry = { ...shortestEntry(owner?.type ?? 'pagerduty'), ...(isOfProvider ? Object(more) : {}) };
      return load({ providers: [entry], ...(isOfProvider ? {} : Object(more)) });
    };

    expect(withIt(written)).toEqual(withIt({}));
  });

  it('shows most of the defaults', () => {
    expect(withDefault.length).toBeGreaterThan(20);
  });

  it('shows configurations that work', () => {
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    const [web = '', short = ''] = blocks.slice(-2);

    expect(blocks).toHaveLength(4);
    expect(parseWebConfig(web, 'web.yml').users.has('prometheus')).toBe(true);
    expect(loadText(short).providers.map(({ name }) => name)).toEqual(['pagerduty']);
  });
});

describe('every configuration in the docs', () => {
  const shown = pages.flatMap(({ path, text }) =>
    codeBlocks(text, 'yaml')
      .map((block): unknown => parse(block))
      .filter((value) => typeof value === 'object' && value !== null)
      .map((value) => ({ path, value: 'config' in value ? value.config : value }))
      .filter(({ value }) => typeof value === 'object' && value !== null && 'providers' in value),
  );

  it('is found', () => {
    expect(shown.length).toBeGreaterThan(6);
  });

  it.each(shown)('is accepted: $path', ({ value }) => {
    expect(load(value).providers.length).toBeGreaterThan(0);
  });
});

/** A provider of that type with what it cannot do without. */
function shortestEntry(type: string): Record<string, unknown> {
  const platform = platforms.find((one) => one.type === type);
  const required = Object.keys(platform?.shape ?? {}).filter((key) => isRequired(platform?.shape[key]));
  const address = platform?.isBaseUrlRequired === true ? { base_url: 'https://platform.example' } : {};
  return { type, ...address, ...Object.fromEntries(required.map((key) => [key, 'k'])) };
}

function load(value: unknown) {
  return loadText(JSON.stringify(value));
}

function loadText(text: string) {
  const names = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => [name, 'a']);
  const env: Record<string, string> = { ...Object.fromEntries(names), CREDENTIALS_DIRECTORY: '/run/credentials' };
  return loadConfig({ text, filename: 'docs.yml', env, platforms, readFile: () => 'secret', nowMs: 0 }).config;
}
