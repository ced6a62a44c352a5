import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Capabilities } from '../../src/model/capabilities.ts';
import { platforms } from '../../src/providers/registry.ts';
import { impatientClock, silentObserver } from '../providers/setup.ts';
import { readPage } from './markdown.ts';

const page = readPage('docs/providers.md');
const cellsOf = (line: string) => line.split('|').map((cell) => cell.trim());
/** The rows below a heading row that begins so, by the heading of their cells. */
function tableOf(heading: string): readonly Readonly<Record<string, string>>[] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(heading));
  const names = cellsOf(lines[at] ?? '');
  const rows = lines.slice(at + 2, lines.indexOf('', at));
  return rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, index) => [names[index] ?? '', cell])));
}
const told = tableOf('| platform |');
const typeOf = (cell = '') => /`([a-z-]+)`/.exec(cell)?.[1] ?? '';

/** What the type reports, as its provider says with these further keys. */
function capabilitiesOf(type: string, more: Readonly<Record<string, unknown>>): Capabilities {
  const platform = platforms.find((one) => one.type === type);
  if (platform === undefined) throw new Error(`there is no type ${type}`);
  const needed = { base_url: 'http://127.0.0.1:9', ...NEEDED[type], ...more };
  const keys = Object.keys(platform.shape).filter((key) => key in SETTINGS && !(key in needed));
  const settings = Object.fromEntries(keys.map((key) => [key, SETTINGS[key]]));
  const text = JSON.stringify({ providers: [{ name: type, type, ...settings, ...needed }] });
  const { config } = loadConfig({ text, filename: 'docs.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const [provider] = config.providers;
  if (provider === undefined) throw new Error(`${type} has no provider`);
  const made = platform.create(provider, { clock: impatientClock(0), observer: silentObserver });
  void made.close();
  return made.capabilities;
}

/** Any values for the keys that a type must have. */
const SETTINGS: Readonly<Record<string, unknown>> = {
  api_key: 'k',
  api_token: 'k',
  application_key: 'k',
  account: 'a',
  api_id: 'a',
  cloud_id: 'a',
  page_id: 'a',
  user: 'a',
  username: 'a',
  password: 'p',
  instance: 'a',
  token: 't',
  repositories: ['a/b'],
  projects: ['a/b'],
  regions: ['eu-west-1'],
};
const NEEDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  alertmanager: { webhook: { secret: 's' } },
};
const COLUMNS = {
  'impact began': 'started',
  acknowledged: 'acknowledged',
  identified: 'identified',
  mitigated: 'mitigated',
  escalated: 'escalations',
} as const;
/** Types that bring what others told them, or no incidents of their own unless their `source` says so. */
const MAYBE_WITHOUT_ROW = ['import', 'push', 'github', 'gitlab', 'jenkins', 'argocd'];

describe('docs/providers.md', () => {
  it('has every type in both tables', () => {
    const types = platforms.map(({ type }) => type).toSorted();
    const rows = tableOf('| `type` |').map((row) => typeOf(row['`type`']));

    expect(rows.toSorted()).toEqual(types);
    const compared = new Set(told.map(({ platform }) => typeOf(platform)));
    expect(types.filter((type) => !compared.has(type) && !MAYBE_WITHOUT_ROW.includes(type))).toEqual([]);
  });

  it.each(told)('tells of $platform what its provider tells', (row) => {
    const type = typeOf(row['platform']);
    const source = /\b(?:alerts|incidents|issues)\b/.exec(row['platform'] ?? '')?.[0];

    const capabilities = capabilitiesOf(type, source === undefined ? {} : { source });

    const isConditional = (name: string) => row[name]?.startsWith('where ') === true;
    const shown = Object.entries(COLUMNS).map(([name, key]) => {
      return [name, isConditional(name) ? capabilities[key] : row[name] !== 'no'];
    });
    expect(shown).toEqual(Object.entries(COLUMNS).map(([name, key]) => [name, capabilities[key]]));
  });
});
