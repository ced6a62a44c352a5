import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Pretends to the program that this Node is an old one. */
const OLD = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
/** A program that says which file of it runs, and ends as the first word says. */
const PROGRAM = `
if (process.argv[2] === 'wait') { process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); }
else process.exitCode = Number(process.argv[2]);
process.stdout.write(import.meta.filename.split('/').slice(-3).join('/') + ' ' + process.argv.slice(2).join(' '));
`;

describe('the command mttr-exporter', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-bin-'));
    cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  const command = (words: readonly string[]) => [join(folder, manifest.bin['mttr-exporter']), ...words];
  const run = (words: readonly string[], nodeFlags: readonly string[] = []) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, ...command(words)], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const isBuilt = () => put('dist/cli/main.js', PROGRAM);
  const isCheckout = () => {
    put('src/cli/main.ts', PROGRAM);
    put('node_modules/.bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  };

  it('runs what was built, where there is such', () => {
    isCheckout();
    isBuilt();

    expect(run(['0', '--more'])).toEqual({ status: 0, stdout: 'dist/cli/main.js 0 --more', stderr: '' });
  });

  it('runs the sources in a checkout', () => {
    isCheckout();

    expect(run(['2'])).toEqual({ status: 2, stdout: 'src/cli/main.ts 2', stderr: '' });
  });

  it('runs with the Node of the checkout when the one that was called is too old', () => {
    isCheckout();

    expect(run(['2', '--more'], ['--import', OLD])).toEqual({
      status: 2,
      stdout: 'src/cli/main.ts 2 --more',
      stderr: '',
    });
  });

  it('passes state changes on to that Node, and its end back', async () => {
    isCheckout();
    const child = spawn(process.execPath, ['--import', OLD, ...command(['wait'])], { stdio: ['ignore', 'pipe', 2] });
    await once(child.stdout ?? child, 'data');

    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'exit');

    expect({ code, signal }).toEqual({ code: 3, signal: null });
  });

  it('says which Node it needs when there is none', () => {
    isBuilt();

    const { status, stderr } = run(['0'], ['--import', OLD]);

    const needed = manifest.engines.node.replace('>=', '');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `mttr-exporter: Node 20.20.2 is too old; expected ${needed} or newer\n`,
    });
  });

  it('says what is missing in a checkout where nothing is installed', () => {
    put('src/cli/main.ts', PROGRAM);

    expect(run(['0'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'mttr-exporter: nothing is installed in this checkout; run npm ci first\n',
    });
  });
});
