import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { findHelm } from '../../scripts/chart/helm.ts';
import { plainManifests } from '../../scripts/chart/manifests.ts';
import { root } from './dockerfile.ts';
import { complaintsAbout, readManifests } from './manifests.ts';
import { at, only, podOf } from './pods.ts';

const files = globSync('deploy/kubernetes/*.yaml', { cwd: root }).sort();
/** Not in the chart: an example beside it. */
const OWN = 'deploy/kubernetes/report-cronjob.yaml';
const rendered = files.filter((path) => path !== OWN);
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const manifests = files.flatMap((path) => readManifests(text(path)));
const helm = findHelm();
const isCi = process.env['CI'] === 'true';
const note =
  helm === undefined ? ' (skipped: helm is neither in HELM, nor on the PATH, nor in the bin folder of GOPATH)' : '';

describe.skipIf(helm === undefined && !isCi)(`the plain manifests, beside the chart${note}`, () => {
  it('are what scripts/chart.ts renders from it today', () => {
    const made = plainManifests(root, helm ?? 'helm');

    expect(Object.fromEntries(rendered.map((path) => [path, text(path)]))).toEqual(Object.fromEntries(made));
  });
});

describe('the plain manifests', () => {
  it('are what the schemas of Kubernetes and of the Prometheus operator allow', async () => {
    const complaints = await complaintsAbout(manifests);

    expect(complaints).toEqual([]);
  });

  it('keep apart what not every cluster has', () => {
    const kinds = Object.fromEntries(
      files.map((path) => [basename(path), [...new Set(readManifests(text(path)).map(({ kind }) => kind))].sort()]),
    );

    expect(kinds).toEqual({
      'grafana-dashboards.yaml': ['ConfigMap'],
      'mttr-exporter.yaml': ['Secret', 'Service', 'ServiceAccount', 'StatefulSet'],
      'network-policy.yaml': ['NetworkPolicy'],
      'prometheus-operator.yaml': ['PrometheusRule', 'ServiceMonitor'],
      'report-cronjob.yaml': ['CronJob'],
    });
  });

  it('are all in one namespace, and owned by nobody', () => {
    const namespaces = new Set(manifests.map(({ metadata }) => metadata.namespace));

    expect([...namespaces]).toEqual(['monitoring']);
    expect(JSON.stringify(manifests)).not.toContain('helm');
  });

  it('hold no key: it comes from a Secret that their page tells how to make', () => {
    const page = text('deploy/kubernetes/README.md');

    const pod = podOf(manifests);

    expect(at(pod, 'containers.0.envFrom')).toEqual([{ secretRef: { name: 'mttr-exporter-keys' } }]);
    expect(page).toContain('create secret generic mttr-exporter-keys --from-literal=PAGERDUTY_TOKEN=');
    const secret = only(manifests.filter(({ kind }) => kind === 'Secret'));
    expect(load(String(Object.values(Object(secret['stringData']))[0]))).toEqual({
      providers: [{ type: 'pagerduty', api_key: `\${PAGERDUTY_TOKEN}` }],
    });
  });

  it('are small enough for kubectl apply, which keeps a copy of each in an annotation of 256 KiB at most', () => {
    const large = manifests.filter((manifest) => JSON.stringify(manifest).length > 256 * 1024);

    expect(large.map(({ metadata }) => metadata.name)).toEqual([]);
  });

  it('select the pod that they make, and mount what they name', () => {
    const set = only(manifests.filter(({ kind }) => kind === 'StatefulSet'));
    const labels = Object(at(set, 'spec.template.metadata.labels'));

    const selectors = [
      at(set, 'spec.selector.matchLabels'),
      at(only(manifests.filter(({ kind }) => kind === 'Service')), 'spec.selector'),
      at(only(manifests.filter(({ kind }) => kind === 'NetworkPolicy')), 'spec.podSelector.matchLabels'),
    ];

    for (const selector of selectors) expect(labels).toMatchObject(Object(selector));
    const mounted = Object(at(podOf(manifests), 'containers.0.volumeMounts')).map(({ name }: { name: string }) => name);
    const volumes = [
      ...Object(at(podOf(manifests), 'volumes')),
      { name: at(set, 'spec.volumeClaimTemplates.0.metadata.name') },
    ];
    expect(mounted.sort()).toEqual(volumes.map(({ name }: { name: string }) => name).sort());
  });
});
