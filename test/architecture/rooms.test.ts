import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { platforms } from '../../src/providers/registry.ts';
import { importsOf, type Source, sourcesBelow } from './sources.ts';

/** Imports point down this list only (DESIGN §2). */
const FLOORS: readonly (readonly string[])[] = [
  ['cli'],
  ['server', 'poller'],
  ['providers', 'metrics', 'report', 'imports'],
  ['network', 'store', 'stats'],
  ['config'],
  ['model'],
];
const LINES_MAX = 250;

const sources = sourcesBelow('src');

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

/** The simulator reads the model only and is for those who start it; scripts and tests are outside. */
function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === 'simulator') return to === 'model';
  if (to === 'simulator') return from === 'cli';
  return floorOf(from) !== -1 && floorOf(from) < floorOf(to);
}

/** Relative imports as paths from the repository's root. */
function targetsOf({ path, code }: Source): string[] {
  const relative = importsOf(code).filter((one) => one.startsWith('.'));
  return relative.map((one) => posix.normalize(posix.join(posix.dirname(path), one)));
}

function importers(isWanted: (specifier: string) => boolean): Source[] {
  return sources.filter(({ code }) => importsOf(code).some(isWanted));
}

function pathsOf(found: readonly Source[]): string[] {
  return found.map(({ path }) => path);
}

describe('rooms', () => {
  it('are those of the design, each with a floor', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));

    expect([...rooms].filter((room) => room !== 'simulator' && floorOf(room) === -1)).toEqual([]);
  });

  it('import downhill only', () => {
    const uphill = sources.flatMap((source) =>
      targetsOf(source)
        .filter((target) => !target.startsWith('src/') || !mayImport(roomOf(source.path), roomOf(target)))
        .map((target) => `${source.path} imports ${target}`),
    );

    expect(uphill).toEqual([]);
  });

  it('are not called utils, common or helpers, and have no barrel files', () => {
    const forbidden = /(^|\/)(utils?|common|helpers?|shared|misc|index)(\.ts|\/|$)/;

    expect(pathsOf(sources).filter((path) => forbidden.test(path))).toEqual([]);
  });

  it('know where imports are', () => {
    const code =
      "import a from 'a';\nimport type { B } from \"./b.ts\";\nexport * from 'c';\nimport 'd';\nawait import('e');";

    expect(importsOf(code)).toEqual(['a', './b.ts', 'c', 'd', 'e']);
  });
});

describe('doors', () => {
  it('only one file of the network room imports axios', () => {
    const found = pathsOf(importers((one) => one === 'axios'));

    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^src\/network\//);
  });

  it('only CloudWatch imports the SDK of AWS', () => {
    const found = pathsOf(importers((one) => one.startsWith('@aws-sdk/')));

    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((path) => !path.startsWith('src/providers/cloudwatch/'))).toEqual([]);
  });

  it('only the store imports SQLite', () => {
    const found = pathsOf(importers((one) => one === 'node:sqlite'));

    expect(found.filter((path) => !path.startsWith('src/store/'))).toEqual([]);
  });
});

describe('a platform', () => {
  const types = platforms.map(({ type }) => type);

  it('is named in a decision only in its own folder and in the list', () => {
    const names = types.map((type) => `['"\`]${type}['"\`]`).join('|');
    const decision = new RegExp(`[!=]==?\\s*(${names})|(${names})\\s*[!=]==?|\\bcase\\s+(${names})`);
    const outside = sources.filter(
      ({ path }) =>
        path !== 'src/providers/registry.ts' && !types.some((type) => path.startsWith(`src/providers/${type}/`)),
    );

    expect(decision.test("if (type === 'pagerduty') {")).toBe(true);
    expect(pathsOf(outside.filter(({ code }) => decision.test(code)))).toEqual([]);
  });

  it('is a folder for each word in the list, and a word for each folder', () => {
    const folders = new Set(
      sources
        .filter(({ path }) => path.split('/').length > 3 && roomOf(path) === 'providers')
        .map(({ path }) => path.split('/')[2]),
    );

    expect(folders).toEqual(new Set(types));
  });

  it('does not know the others', () => {
    const strangers = sources.flatMap((source) => {
      const [, room, folder = ''] = source.path.split('/');
      if (room !== 'providers' || !types.includes(folder)) return [];
      const others = types.filter((type) => type !== folder).map((type) => join('src', 'providers', type));
      return targetsOf(source).filter((target) => others.some((other) => target.startsWith(`${other}/`)));
    });

    expect(strangers).toEqual([]);
  });
});

describe('the pure core', () => {
  const core = sources.filter(({ path }) => ['stats', 'metrics'].includes(roomOf(path)));

  it('asks no clock: now is an argument', () => {
    const clock = /\bDate\.now\b|\bnew Date\(\s*\)|\bsystemClock\b|\bprocess\.hrtime\b/;

    expect(clock.test('new Date()')).toBe(true);
    expect(clock.test('new Date(nowMs)')).toBe(false);
    expect(pathsOf(core.filter(({ code }) => clock.test(code)))).toEqual([]);
  });

  it('touches neither disk nor network', () => {
    const outside = /^(node:)?(fs|net|http|https|http2|tls|dns|dgram|child_process|sqlite)(\/|$)/;
    const touching = core.filter(({ code }) => importsOf(code).some((one) => outside.test(one)));

    expect(pathsOf(touching)).toEqual([]);
    expect(pathsOf(core.filter(({ code }) => /\bfetch\(/.test(code)))).toEqual([]);
  });
});

describe('a file', () => {
  it(`has at most ${LINES_MAX} lines`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > LINES_MAX);

    expect(pathsOf(long)).toEqual([]);
  });

  it('has no default export and silences no check without a reason', () => {
    const forbidden =
      /\bexport default\b|@ts-ignore|@ts-expect-error|@ts-nocheck|biome-ignore|oxlint-disable(?!.* -- )/;

    expect(pathsOf(sources.filter(({ text }) => forbidden.test(text)))).toEqual([]);
  });
});
