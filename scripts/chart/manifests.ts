import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { CHART } from './copies.ts';
import { render } from './helm.ts';

const Manifest = z.object({ kind: z.string() });

/** Which kinds stand in which file below deploy/kubernetes/: what not every cluster has is apart. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'mttr-exporter.yaml': ['ServiceAccount', 'Secret', 'Service', 'StatefulSet'],
  'network-policy.yaml': ['NetworkPolicy'],
  'prometheus-operator.yaml': ['ServiceMonitor', 'PrometheusRule'],
  'grafana-dashboards.yaml': ['ConfigMap'],
};
const HEADER = '# Written by scripts/chart.ts from the chart in deploy/helm/mttr-exporter: change that instead.\n';
/** Helm owns nothing here. */
const HELMS_OWN = /^(# Source: .*|\s*(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*)\n/gm;

/** The plain manifests: path from the repository's root to text, each a list of documents. */
export function plainManifests(root: string, helm: string): Map<string, string> {
  const words = [`--values=${join(root, 'scripts/chart/kubernetes.values.yaml')}`];
  const documents = render({ helm, chart: join(root, CHART), words })
    .split(/^---\n/m)
    .map((text) => text.replaceAll(HELMS_OWN, '').trim())
    .filter((text) => text !== '')
    .map((text) => ({ text, kind: Manifest.parse(load(text)).kind }));
  const homeless = documents.find(({ kind }) => !Object.values(FILES).flat().includes(kind));
  if (homeless !== undefined) throw new Error(`no file below deploy/kubernetes/ is for ${homeless.kind}`);
  const files = Object.entries(FILES).map(([name, kinds]): [string, string] => {
    const texts = documents.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => `---\n${text}\n`);
    return [`deploy/kubernetes/${name}`, `${HEADER}${texts.join('')}`];
  });
  return new Map(files);
}
