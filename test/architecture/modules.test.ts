import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { platforms } from '../../src/providers/registry.ts';
import { importsOf, type Source, sourcesBelow } from './sources.ts';

/** Imports point down this list only (DESIGN §2); modules of one line do not know each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['cli'],
  ['app'],
  ['server'],
  ['poller'],
  ['providers'],
  ['core'],
  ['report', 'imports', 'metrics'],
  ['http', 'store', 'stats'],
  ['config'],
  ['model'],
];
/** A file past this holds two ideas (STYLE, rule 2). */
const LINES_MAX = 400;

const sources = sourcesBelow('src');

function moduleOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function layerOf(module: string): number {
  return LAYERS.findIndex((layer) => layer.includes(module));
}

/** The simulator reads the model only and is for those who start it; scripts and tests are outside. */
function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === 'simulator') return to === 'model';
  if (to === 'simulator') return from === 'cli';
  return layerOf(from) !== -1 && layerOf(from) < layerOf(to);
}

/** Relative imports as paths from the repository's root. */
function targetsOf({ path, code }: Pick<Source, 'path' | 'code'>): string[] {
  const relative = importsOf(code).filter((one) => one.startsWith('.'));
  return relative.map((one) => posix.normalize(posix.join(posix.dirname(path), one)));
}

/** The files that can be reached from each other by imports, types included: one sorted list for each such group. */
function findCycles(files: readonly Pick<Source, 'path' | 'code'>[]): string[][] {
  const targets = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const reach = (from: string): Set<string> => {
    const reached = new Set<string>();
    const waiting = [...(targets.get(from) ?? [])];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(...(targets.get(next) ?? []));
    }
    return reached;
  };
  const reached = new Map(files.map(({ path }) => [path, reach(path)]));
  const inCycles = files.map(({ path }) => path).filter((path) => reached.get(path)?.has(path));
  const groups = inCycles.map((path) =>
    inCycles.filter((other) => reached.get(path)?.has(other) && reached.get(other)?.has(path)).toSorted(),
  );
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()];
}

function importers(isWanted: (specifier: string) => boolean): Source[] {
  return sources.filter(({ code }) => importsOf(code).some(isWanted));
}

function pathsOf(found: readonly Source[]): string[] {
  return found.map(({ path }) => path);
}

describe('modules', () => {
  it('are those of the design, each in a layer', () => {
    const modules = new Set(sources.map(({ path }) => moduleOf(path)));

    expect([...modules].filter((module) => module !== 'simulator' && layerOf(module) === -1)).toEqual([]);
  });

  it('import downhill only', () => {
    const uphill = sources.flatMap((source) =>
      targetsOf(source)
        .filter((target) => !target.startsWith('src/') || !mayImport(moduleOf(source.path), moduleOf(target)))
        .map((target) => `${source.path} imports ${target}`),
    );

    expect(uphill).toEqual([]);
  });

  it('have no cycles of imports, types included', () => {
    const cycles = findCycles(sources).map((files) => files.join(' '));

    expect(cycles).toEqual([]);
  });

  it('would be found to have one', () => {
    const file = (path: string, ...imports: readonly string[]) => ({
      path: `src/a/${path}`,
      code: imports.map((one) => `import type { T } from './${one}';`).join('\n'),
    });

    const cycles = findCycles([
      file('one.ts', 'two.ts'),
      file('two.ts', 'three.ts', 'alone.ts'),
      file('three.ts', 'one.ts'),
      file('alone.ts'),
    ]);

    expect(cycles).toEqual([['src/a/one.ts', 'src/a/three.ts', 'src/a/two.ts']]);
  });

  it.each([
    { from: 'app', to: 'cli', may: false },
    { from: 'cli', to: 'app', may: true },
    { from: 'core', to: 'poller', may: false },
    { from: 'store', to: 'stats', may: false },
    { from: 'report', to: 'metrics', may: false },
    { from: 'simulator', to: 'store', may: false },
    { from: 'server', to: 'simulator', may: false },
    { from: 'unknown', to: 'model', may: false },
  ])('$from may import $to: $may', ({ from, to, may }) => {
    expect(mayImport(from, to)).toBe(may);
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

describe('what comes from outside', () => {
  it('only one file of the HTTP client imports axios', () => {
    const found = pathsOf(importers((one) => one === 'axios'));

    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^src\/http\//);
  });

  it('only CloudWatch imports the SDK of AWS', () => {
    const found = pathsOf(importers((one) => one.startsWith('@aws-sdk/')));

    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((path) => !path.startsWith('src/providers/cloudwatch/'))).toEqual([]);
  });

  it('only the store imports SQLite', () => {
    const found = pathsOf(importers((one) => one === 'node:sqlite'));

    // What an import has read waits in a temporary database.
    expect(found.filter((path) => !path.startsWith('src/store/'))).toEqual(['src/imports/stage.ts']);
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
        .filter(({ path }) => path.split('/').length > 3 && moduleOf(path) === 'providers')
        .map(({ path }) => path.split('/')[2]),
    );

    expect(folders).toEqual(new Set([...types, 'engine']));
  });

  it('does not know the others', () => {
    const strangers = sources.flatMap((source) => {
      const [, module, folder = ''] = source.path.split('/');
      if (module !== 'providers' || !types.includes(folder)) return [];
      const others = types.filter((type) => type !== folder).map((type) => join('src', 'providers', type));
      return targetsOf(source).filter((target) => others.some((other) => target.startsWith(`${other}/`)));
    });

    expect(strangers).toEqual([]);
  });
});

describe('the pure core', () => {
  const core = sources.filter(({ path }) => ['stats', 'metrics'].includes(moduleOf(path)));

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
