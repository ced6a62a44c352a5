import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** Runs the program in a shell that does something with its standard output; the code is the program's own. */
function shell(words: string, then: string) {
  const program = `'${process.execPath}' '${MAIN}' ${words}`;
  return spawnSync('sh', ['-c', `{ ${program}; echo "code $?" >&2; } ${then}`], { encoding: 'utf8' });
}

it('a reader that reads nothing is no error', () => {
  const { stderr } = shell('completion bash', '| exec true');

  expect(stderr).toBe('code 0\n');
});

// A device that is always full.
it.runIf(existsSync('/dev/full'))('an output that cannot be written is a failure, told in one line', () => {
  const { stderr } = shell('completion bash', '> /dev/full');

  expect(stderr).toMatch(/^mttr-exporter: cannot write to standard output: .*ENOSPC.*\ncode 1\n$/);
});
