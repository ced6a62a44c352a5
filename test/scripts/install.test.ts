import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/install.js', import.meta.url));

/** An npm that writes down what it was asked, and installs a Node when it is told to. */
const NPM = `#!/usr/bin/env node
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync('asked.txt', process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_FAILS) process.exit(7);
mkdirSync('node_modules/.bin', { recursive: true });
if (!process.env.NPM_SKIPS_SCRIPTS) writeFileSync('node_modules/.bin/node', '');
writeFileSync('node_modules/.package-lock.json', '{}');
`;

describe('what runs before npm start and npm test', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-install-'));
    mkdirSync(join(folder, 'scripts'));
    mkdirSync(join(folder, 'tools'));
    copyFileSync(script, join(folder, 'scripts/install.js'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'package-lock.json'), '{}');
    writeFileSync(join(folder, 'tools/npm.cjs'), NPM);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const install = (env: Record<string, string | undefined> = {}) => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/install.js'], {
      cwd: folder,
      env: { PATH: dirname(process.execPath), npm_execpath: join(folder, 'tools/npm.cjs'), ...env },
      encoding: 'utf8',
    });
    const asked = join(folder, 'asked.txt');
    return { status, stderr, asked: existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [] };
  };
  const touch = (path: string, minutesAhead: number) => {
    const at = Date.now() / 1000 + minutesAhead * 60;
    utimesSync(join(folder, path), at, at);
  };

  it('installs everything in a fresh clone, what only developers need included', () => {
    const { status, asked } = install();

    expect(status).toBe(0);
    expect(asked).toEqual(['ci --include=dev --loglevel=error']);
  });

  it('does nothing where everything is installed', () => {
    install();
    touch('package-lock.json', -1);

    const { status, asked } = install();

    expect(status).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('installs again when the lock file is newer than what is installed', () => {
    install();
    touch('package-lock.json', 1);

    const { asked } = install();

    expect(asked).toHaveLength(2);
  });

  it('installs again when an installation was interrupted', () => {
    install();
    rmSync(join(folder, 'node_modules/.package-lock.json'));

    const { asked } = install();

    expect(asked).toHaveLength(2);
  });

  it('fails as npm fails', () => {
    const { status } = install({ NPM_FAILS: 'yes' });

    expect(status).toBe(7);
  });

  it('says so when npm left Node out', () => {
    const { status, stderr } = install({ NPM_SKIPS_SCRIPTS: 'yes' });

    expect(status).toBe(1);
    expect(stderr).toBe('npm skipped the install script of the package "node"; see allowScripts in package.json\n');
  });

  it('takes the npm on the path where none runs it', () => {
    const npm = join(folder, 'tools/npm');
    copyFileSync(join(folder, 'tools/npm.cjs'), npm);
    chmodSync(npm, 0o755);
    writeFileSync(join(folder, 'tools/package.json'), '{ "type": "commonjs" }');
    const path = [join(folder, 'tools'), dirname(process.execPath), '/usr/bin'].join(delimiter);

    const { status, asked } = install({ PATH: path, npm_execpath: undefined });

    expect(status).toBe(0);
    expect(asked).toEqual(['ci --include=dev --loglevel=error']);
  });
});
