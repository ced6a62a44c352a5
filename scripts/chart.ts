// Writes what is copied or rendered from elsewhere: the chart's files and schema, the demo's Alertmanager configuration and, with
// helm, deploy/kubernetes/. Run it after a change of the rules, the dashboards, the configuration's keys or the chart.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHART, copies } from './chart/copies.ts';
import { findHelm } from './chart/helm.ts';
import { plainManifests } from './chart/manifests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function write(files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const copied = copies(root);
for (const path of globSync(`${CHART}/files/*/*`, { cwd: root })) if (!copied.has(path)) rmSync(join(root, path));
write(copied);
spawnSync('node_modules/.bin/biome', ['format', '--write', `${CHART}/values.schema.json`], {
  cwd: root,
  stdio: 'inherit',
});
const helm = findHelm();
if (helm === undefined) {
  console.error(
    'deploy/kubernetes/ is left as it was: no helm; expected one in HELM, on the PATH or in the bin folder of GOPATH',
  );
  process.exitCode = 1;
} else {
  write(plainManifests(root, helm));
}
