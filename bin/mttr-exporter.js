#!/usr/bin/env node
// Runs the built program, or in a checkout its sources. Plain JavaScript, as whatever Node is there has to understand it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';

const fileOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The oldest Node that runs this: package.json says the same under `engines`. */
const NODE_MINIMUM = [24, 15];
/** Supervisors send these to the process that they started, which may be this one. */
const PASSED_ON = ['SIGTERM', 'SIGINT', 'SIGHUP'];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
}

/** Ends as the other Node ends. */
function runWith(node, program) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`cannot run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function refuse(reason) {
  process.stderr.write(`mttr-exporter: ${reason}\n`);
  process.exitCode = 1;
}

const built = fileOf('dist/cli/main.js');
const program = existsSync(built) ? built : fileOf('src/cli/main.ts');
const ownNode = fileOf('node_modules/.bin/node');
const minimum = NODE_MINIMUM.join('.');
if (program !== built && !existsSync(ownNode)) refuse('nothing is installed in this checkout; run npm ci first');
else if (isNewEnough(process.versions.node)) await import(pathToFileURL(program).href);
else if (existsSync(ownNode)) runWith(ownNode, program);
else refuse(`Node ${process.versions.node} is too old; expected ${minimum} or newer`);
