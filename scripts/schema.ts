// Writes config/mttr-exporter.schema.json from what the configuration is checked with. Run it after a change of a key.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchema } from '../src/config/json-schema.ts';
import { platforms } from '../src/providers/registry.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = 'config/mttr-exporter.schema.json';
writeFileSync(`${root}${file}`, `${JSON.stringify(jsonSchema(platforms), null, 2)}\n`);
const { status } = spawnSync('node_modules/.bin/biome', ['format', '--write', file], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
