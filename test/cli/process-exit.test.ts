import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const CLI = new URL('../../src/cli/', import.meta.url).href;
/** A program with a half-written file, a folder with a file in it, and an undo of its own; it ends in the given way. */
const program = (end: string) => `
  import { writeFileSync } from 'node:fs';
  import { openAtomicFile } from '${CLI}write-file-atomic.ts';
  import { onProcessExit, createTemporaryFolder } from '${CLI}process-lifecycle.ts';
  onProcessExit(() => { throw new Error('cannot be undone'); });
  onProcessExit(() => void process.stdout.write('undone'));
  onProcessExit(() => void process.stdout.write('never'))();
  writeFileSync(createTemporaryFolder('read-').path + '/read.db', 'half a store');
  openAtomicFile('report.txt').write('half a report');
  ${end}`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mttr-exit-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

it.each([
  { way: 'its normal end', end: '', code: 0 },
  { way: 'an error', end: "throw new Error('no');", code: 1 },
  { way: 'an exit', end: 'process.exit(130);', code: 130 },
])('a process that ends by $way leaves nothing half-made, and keeps its exit code', ({ end, code }) => {
  const cwd = folder();

  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program(end)], {
    cwd,
    env: { PATH: process.env['PATH'], TMPDIR: cwd },
    encoding: 'utf8',
  });

  expect(run.status, run.stderr).toBe(code);
  expect(run.stdout).toBe('undone');
  expect(readdirSync(cwd)).toEqual([]);
});
