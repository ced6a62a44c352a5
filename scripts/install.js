// Installs what is missing. Run by whatever Node is there (20 or newer): plain JavaScript, no dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const writtenAtMs = (path) => statSync(new URL(path, root), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** npm writes node_modules/.package-lock.json last, so an interrupted installation counts as missing. */
function install() {
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm === undefined ? ['npm'] : [process.execPath, npm];
  const result = spawnSync(program, [...first, 'ci', '--include=dev', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  return result.status ?? 1;
}

if (writtenAtMs('node_modules/.package-lock.json') < writtenAtMs('package-lock.json')) process.exitCode = install();
if (!process.exitCode && !existsSync(new URL('node_modules/.bin/node', root))) {
  console.error('npm skipped the install script of the package "node"; see allowScripts in package.json');
  process.exitCode = 1;
}
