// Writes the dashboards of grafana/src as JSON: to grafana/dashboards for provisioning, to grafana/import for an import by hand.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../grafana/src/dashboards.ts';

const folder = fileURLToPath(new URL('../grafana', import.meta.url));
for (const [path, text] of generatedFiles()) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
