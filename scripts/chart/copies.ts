import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dump, load } from 'js-yaml';
import { z } from 'zod';
import { isMapping, type Mapping } from '../../src/config/object-path.ts';
import { completed } from './schema.ts';

export const CHART = 'deploy/helm/mttr-exporter';

/** Helm reads files of its own folder only: these are copied into it. */
const COPIED = [
  { from: 'deploy/prometheus/mttr.*.yml', to: `${CHART}/files/rules` },
  { from: 'grafana/dashboards/*.json', to: `${CHART}/files/dashboards` },
];

/** What one file says and others repeat: path from the repository's root to text. Needs no helm. */
export function copies(root: string): Map<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const copied = COPIED.flatMap(({ from, to }) => {
    const paths = globSync(from, { cwd: root }).sort();
    if (paths.length === 0) throw new Error(`nothing to copy: no file fits ${from}`);
    return paths.map((path): [string, string] => [`${to}/${basename(path)}`, read(path)]);
  });
  const schemaPath = `${CHART}/values.schema.json`;
  const schema = completed(mapping(read(schemaPath)), {
    config: mapping(read('config/mttr-exporter.schema.json')),
    thresholds: [...read('deploy/prometheus/mttr.rules.yml').matchAll(/record: mttr:threshold:(\w+)/g)].map(
      ([, name = '']) => name,
    ),
  });
  return new Map([
    ...copied,
    [schemaPath, `${JSON.stringify(schema, null, 2)}\n`],
    ['deploy/compose/alertmanager.yml', silenced(read('deploy/alertmanager/alertmanager.yml'))],
  ]);
}

const Alertmanager = z.looseObject({ receivers: z.object({ name: z.string() }).array() });

/** The same routes and inhibitions, but receivers that send nothing: invented incidents must wake nobody. */
function silenced(text: string): string {
  const { global: _, templates: __, receivers, ...rest } = Alertmanager.parse(load(text));
  const header =
    '# Written by scripts/chart.ts from deploy/alertmanager/alertmanager.yml: the same routes and inhibitions, but the\n' +
    '# receivers send nothing. The incidents of the demo are invented and must wake nobody.\n';
  return `${header}${dump({ ...rest, receivers: receivers.map(({ name }) => ({ name })) }, { lineWidth: 120 })}`;
}

function mapping(text: string): Mapping {
  const value: unknown = JSON.parse(text);
  if (!isMapping(value)) throw new Error('expected a JSON object');
  return value;
}
