import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' });
  return { status, stderr, stdout, lines: stdout.trimEnd().split('\n') };
}

/** What a shell is told may stand in place of the last word. */
function suggested(...words: string[]): string[] {
  const { lines } = run('complete', '--', ...words);
  return lines.slice(0, -1).map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  it.each([
    { says: 'commands', words: ['che'], expected: ['check'] },
    { says: 'flags of a command', words: ['demo', '--rep'], expected: ['--replay'] },
    { says: 'flags of the default command', words: ['--web.li'], expected: ['--web.listen-address'] },
    { says: 'values of a flag', words: ['serve', '--log.format', ''], expected: ['logfmt', 'json'] },
    { says: 'shells', words: ['completion', ''], expected: ['bash', 'zsh', 'fish', 'powershell'] },
  ])('suggests $says', ({ words, expected }) => {
    const found = suggested(...words);

    expect(found).toEqual(expected);
  });

  it.each([[['check', '--config.file', '']], [['serve', '--web.config.file=w']], [['demo', '--replay', 'x']]])(
    'leaves names of files to the shell: %j',
    (words) => {
      const { stdout } = run('complete', '--', ...words);

      expect(stdout).toBe(':0\n');
    },
  );

  it('prints a script that bash understands', () => {
    const { status, stdout } = run('completion', 'bash');

    const { status: syntax, stderr } = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' });
    expect({ status, syntax, stderr }).toEqual({ status: 0, syntax: 0, stderr: '' });
    expect(stdout).toContain('complete -F');
  });

  it('says which shells it knows', () => {
    const { status, stderr } = run('completion', 'tcsh');

    expect(status).toBe(2);
    expect(stderr).toBe('mttr-exporter: unknown shell "tcsh"; expected one of bash, zsh, fish, powershell\n');
  });
});
