import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeBlocks, pages, root } from './markdown.ts';

interface DocumentedCommand {
  readonly path: string;
  readonly line: string;
  /** The command that is run: `serve` where none is named. */
  readonly command: string;
  readonly flags: readonly string[];
}

const PROGRAM = /^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:npm start --|npx mttr-exporter|mttr-exporter)(?= |$)/;

/** What shells run of the program, with flags; comments, pipes and redirections are left out. */
function commandsIn({ path, text }: (typeof pages)[number]): DocumentedCommand[] {
  return codeBlocks(text, '(?:sh|text)')
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .flatMap((line) => {
      const program = PROGRAM.exec(line)?.[0];
      if (program === undefined || line.startsWith('mttr-exporter:')) return [];
      const [words = ''] = line.slice(program.length).split(/ [#|<>] ?/);
      const [command = ''] = /^ [a-z]+(?= |$)/.exec(words) ?? [];
      const flags = [...words.matchAll(/ (--[a-z][a-z.-]*)/g)].map(([, flag = '']) => flag);
      return [{ path, line, command: command.trim() === '' ? 'serve' : command.trim(), flags }];
    });
}

const documented = pages.flatMap(commandsIn);
const commands = [...new Set(documented.map(({ command }) => command))];

describe('commands that the docs show', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(7);
    expect(documented.flatMap(({ flags }) => flags).length).toBeGreaterThan(20);
  });

  it.each(commands)('%s: exists, and has every flag that the docs give it', (command) => {
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'bin/mttr-exporter.js'), command, '--help'], {
      encoding: 'utf8',
    });
    const known = new Set([...stdout.matchAll(/--[a-z][a-z.-]*/g)].map(([flag]) => flag));
    const uses = documented.filter((one) => one.command === command);

    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: mttr-exporter ${command} `);
    expect(uses.filter(({ flags }) => flags.some((flag) => !known.has(flag)))).toEqual([]);
  });
});
