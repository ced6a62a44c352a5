import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ImportOptions } from '../../src/cli/import/options.ts';
import { createRejectedRows } from '../../src/cli/import/rejected-rows.ts';
import { writeFileAtomic } from '../../src/cli/write-file-atomic.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mttr-atomic-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A pipe with a name, which stands for what is no file (`/dev/null`), and a reader of it. */
function pipe(): { path: string; read: () => string } {
  const path = join(folder(), 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  return { path, read: () => readFileSync(reader, 'utf8') };
}

it('what is no file is written to and stays what it is', () => {
  const { path, read } = pipe();

  writeFileAtomic(path, 'a report\n');

  expect(lstatSync(path).isFIFO()).toBe(true);
  expect(read()).toBe('a report\n');
});

it('rejected rows may go into what is no file, which stays what it is', () => {
  const { path, read } = pipe();
  const options: Pick<ImportOptions, 'isDryRun' | 'rejectedFile'> = { isDryRun: false, rejectedFile: path };
  const rows = createRejectedRows(options);

  rows.add({ name: 'a.csv', format: 'csv' }, { line: 2, reason: 'missing_id', detail: 'no id', record: {} });
  rows.commit();

  expect(lstatSync(path).isFIFO()).toBe(true);
  expect(read()).toContain('"missing_id"');
});

it('a link goes on leading to the file', () => {
  const place = folder();
  const [file, link] = [join(place, 'report.txt'), join(place, 'latest')];
  writeFileSync(file, 'old');
  symlinkSync(file, link);

  writeFileAtomic(link, 'new');

  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('new');
});

it('a folder and a file without a name are refused in one line', () => {
  const place = folder();

  expect(() => writeFileAtomic(place, 'text')).toThrow(`cannot write ${place}: EISDIR`);
  expect(() => writeFileAtomic('', 'text')).toThrow('cannot write a file without a name: ');
});
