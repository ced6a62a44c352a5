import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage, root } from './markdown.ts';

const page = readPage('docs/architecture.md');

/** The cells of the rows of a table, found by the header of its first columns. */
function tableRows(header: string): string[][] {
  const table = page.split(header)[1]?.split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').slice(1, -1));
}

const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
const modules = globSync('src/*', { cwd: root }).map((path) => path.replace(/^src./, ''));

describe('docs/architecture.md', () => {
  it('lists every module of src, and no other', () => {
    const listed = tableRows('| module | holds |').flatMap(([module]) => namesIn(module));

    expect(listed.toSorted()).toEqual(modules.toSorted());
  });

  it('shows every module but the simulator in its picture', () => {
    const picture = readFileSync(join(root, 'docs/flow.svg'), 'utf8').replaceAll(/<desc[\s\S]*?<\/desc>/g, '');

    const missing = modules.filter((module) => !new RegExp(`\\b${module}\\b`).test(picture));

    expect(missing).toEqual(['simulator']);
  });

  const steps = tableRows('| step | module | function |').flatMap(([, module, functions]) =>
    namesIn(functions).map((name) => ({ module: namesIn(module)[0] ?? '', name })),
  );

  it('follows an incident through the modules', () => {
    expect(steps.length).toBeGreaterThan(10);
  });

  it.each(steps)('names a function that $module has: $name', ({ module, name }) => {
    const source = globSync(`src/${module}/**/*.ts`, { cwd: root }).map((path) =>
      readFileSync(join(root, path), 'utf8'),
    );
    const definition = new RegExp(`(?:function\\*? |const |^ +(?:async )?\\*?)${name}\\b *(?:[(<:=]|$)`, 'm');

    expect(source.some((text) => definition.test(text))).toBe(true);
  });
});
