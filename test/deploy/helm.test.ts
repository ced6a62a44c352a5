import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CHART, copies } from '../../scripts/chart/copies.ts';
import { findHelm, KUBERNETES_VERSION, render } from '../../scripts/chart/helm.ts';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import { root } from './dockerfile.ts';
import { complaintsAbout, type Manifest, readManifests } from './manifests.ts';
import { at, containerOf, only, podOf } from './pods.ts';
import { rulesIn } from './rule-files.ts';

const chart = join(root, CHART);
const values = globSync('test/deploy/helm/*.yaml', { cwd: root }).sort();
const helm = findHelm() ?? 'helm';
const isHelmThere = findHelm() !== undefined;
const isCi = process.env['CI'] === 'true';
const note = isHelmThere ? '' : ' (skipped: helm is neither in HELM, nor on the PATH, nor in the bin folder of GOPATH)';

const Rule = z.looseObject({ record: z.string().optional() });
const rendered = (...words: string[]): Manifest[] =>
  readManifests(
    render({ helm, chart, release: 'r', words: words.map((word) => word.replace('@', `${root}test/deploy/helm/`)) }),
  );
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).sort();
const helmSays = (...words: string[]) => {
  const { status, stderr } = spawnSync(helm, ['template', 'r', chart, '--kube-version', KUBERNETES_VERSION, ...words], {
    encoding: 'utf8',
  });
  return { status, stderr };
};

describe('the files of the chart', () => {
  const made = copies(root);

  it('are the rules and dashboards of today, copied by scripts/chart.ts', () => {
    const expected = [...made].filter(([path]) => path.startsWith(`${CHART}/files/`));

    const committed = globSync(`${CHART}/files/*/*`, { cwd: root }).sort();

    const texts = committed.map((path) => [path, readFileSync(join(root, path), 'utf8')]);
    expect(Object.fromEntries(texts)).toEqual(Object.fromEntries(expected));
  });

  it("have a schema with today's keys of the configuration, put there by scripts/chart.ts", () => {
    const path = `${CHART}/values.schema.json`;

    const committed = readFileSync(join(root, path), 'utf8');

    expect(JSON.parse(committed)).toEqual(JSON.parse(made.get(path) ?? ''));
  });

  it('carry the version of the program', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

    const told = load(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));

    expect(told).toMatchObject({ appVersion: version });
  });

  it('have a schema that knows every value, and no other', () => {
    const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'));
    const defaults = load(readFileSync(join(chart, 'values.yaml'), 'utf8'));

    const known = paths(defaults).filter((path) => schemaAt(schema, path) !== undefined);

    expect(known).toEqual(paths(defaults));
    expect(Object.keys(schema.properties).sort()).toEqual([...Object.keys(defaults ?? {}), 'global'].sort());
  });
});

/** The first two levels of keys. */
function paths(value: unknown): string[] {
  return Object.entries(value ?? {}).flatMap(([key, below]) => [
    key,
    ...(isOpen(key, below) ? [] : Object.keys(below).map((name) => `${key}.${name}`)),
  ]);
}

function isOpen(key: string, below: unknown): boolean {
  return typeof below !== 'object' || below === null || Array.isArray(below) || /securityContext/i.test(key);
}

function schemaAt(schema: { properties?: Record<string, object> }, path: string): object | undefined {
  return path
    .split('.')
    .reduce<{ properties?: Record<string, object> } | undefined>((one, key) => one?.properties?.[key], schema);
}

describe.skipIf(!isHelmThere && !isCi)(`the chart, by the real helm${note}`, () => {
  it.each(values)('%s passes the strict linter', (file) => {
    const words = ['lint', '--strict', chart, '--kube-version', KUBERNETES_VERSION, '--values', join(root, file)];

    const { status, stdout, stderr } = spawnSync(helm, words, { encoding: 'utf8' });

    expect(`${stdout}${stderr}`).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(status).toBe(0);
  });

  it('makes of every values file what the schemas of Kubernetes and of the Prometheus operator allow', async () => {
    const manifests = values.flatMap((file) => rendered(`--values=@${basename(file)}`));

    const complaints = await complaintsAbout(manifests);

    expect(complaints).toEqual([]);
    expect(new Set(kinds(manifests)).size).toBe(9);
  });

  it('would be caught with a key that no schema has, or a value of another kind', async () => {
    const [service] = rendered('--set=demo=true').filter(({ kind }) => kind === 'Service');
    const wrong = [
      { ...only([service]), spec: { ports: [{ port: 1, protocl: 'TCP' }] } },
      { ...only([service]), spec: { ports: [{ port: 'first' }] } },
    ];

    const complaints = await complaintsAbout(wrong);

    expect(complaints.join('\n')).toContain(`'"protocl"' does not exist`);
    expect(complaints.join('\n')).toContain('/spec/ports/0/port must be integer');
  });

  it('makes only what is needed unless told otherwise', () => {
    const manifests = rendered('--values=@environment.yaml');

    expect(kinds(manifests)).toEqual(['Service', 'ServiceAccount', 'StatefulSet']);
  });

  it.each(values)('%s keeps to the pod security standard "restricted" and mounts no token', (file) => {
    const manifests = rendered(`--values=@${basename(file)}`);

    const pod = podOf(manifests);
    const container = containerOf(manifests);

    expect(at(pod, 'securityContext.runAsNonRoot')).toBe(true);
    expect(at(pod, 'securityContext.seccompProfile.type')).toBe('RuntimeDefault');
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(at(pod, 'automountServiceAccountToken')).toBe(false);
    for (const account of manifests.filter(({ kind }) => kind === 'ServiceAccount')) {
      expect(account['automountServiceAccountToken']).toBe(false);
    }
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'])
      expect(at(pod, key)).toBeUndefined();
  });

  it('asks health and readiness where the daemon answers them', () => {
    const container = containerOf(rendered('--values=@environment.yaml'));

    expect(at(container, 'startupProbe.httpGet')).toEqual({ path: '/-/healthy', port: 'http', scheme: 'HTTP' });
    expect(at(container, 'livenessProbe.httpGet')).toEqual({ path: '/-/healthy', port: 'http', scheme: 'HTTP' });
    expect(at(container, 'readinessProbe.httpGet')).toEqual({ path: '/-/ready', port: 'http', scheme: 'HTTP' });
  });

  it('puts the store on a volume claim that an upgrade leaves alone', () => {
    const set = only(rendered('--values=@everything.yaml').filter(({ kind }) => kind === 'StatefulSet'));

    const claim = at(set, 'spec.volumeClaimTemplates.0');

    expect(at(claim, 'metadata.labels')).toEqual({
      'app.kubernetes.io/name': 'recovery-times',
      'app.kubernetes.io/instance': 'r',
    });
    expect(at(claim, 'spec')).toEqual({
      accessModes: ['ReadWriteOncePod'],
      storageClassName: 'fast-local',
      resources: { requests: { storage: '5Gi' } },
    });
    expect(at(containerOf([set]), 'volumeMounts')).toContainEqual({
      name: 'data',
      mountPath: '/var/lib/mttr-exporter/data',
    });
  });

  it('writes a configuration that the exporter accepts', () => {
    const secret = only(rendered('--values=@everything.yaml').filter((one) => one.metadata.name.endsWith('-config')));

    const text =
      String(at(secret, 'stringData')).length > 0 ? String(Object.values(Object(at(secret, 'stringData')))[0]) : '';
    const { config } = loadConfig({
      text,
      filename: 'config.yml',
      env: { PAGERDUTY_TOKEN: 'invented' },
      platforms,
      readFile: () => '',
      nowMs: 0,
    });

    expect(config.providers.map(({ type }) => type)).toEqual(['pagerduty', 'cloudwatch']);
    expect(containerOf(rendered('--values=@everything.yaml'))).toMatchObject({
      args: expect.arrayContaining(['--config.file=/etc/mttr-exporter/config/config.yml']),
    });
  });

  it('leaves a configuration that is text as it is', () => {
    const secrets = rendered('--values=@text.yaml').filter(({ kind }) => kind === 'Secret');

    const [config, credentials] = secrets.map((secret) => secret['stringData']);

    const { configText } = Object(load(readFileSync(join(root, 'test/deploy/helm/text.yaml'), 'utf8')));
    expect(config).toEqual({ 'config.yml': configText });
    expect(credentials).toEqual({ PAGERDUTY_TOKEN: 'p4g3r: #duty' });
  });

  it('restarts the pod when configuration or credentials change, and else leaves it', () => {
    const checksum = (...words: string[]) =>
      at(
        only(rendered('--values=@text.yaml', ...words).filter(({ kind }) => kind === 'StatefulSet')),
        'spec.template.metadata.annotations',
      );

    const same = checksum('--set=service.port=9000');

    expect(same).toEqual(checksum());
    expect(checksum('--set=credentials.values.PAGERDUTY_TOKEN=other')).not.toEqual(same);
    expect(checksum('--set=configText=other')).not.toEqual(same);
  });

  it('takes secrets, a claim and an account that are there already, and makes none', () => {
    const manifests = rendered('--values=@existing.yaml');

    const pod = podOf(manifests);

    expect(kinds(manifests)).toEqual(['Service', 'StatefulSet']);
    expect(at(pod, 'serviceAccountName')).toBe('readers');
    expect(at(pod, 'volumes')).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'exporter-data' } },
      {
        name: 'config',
        secret: { secretName: 'exporter-config', items: [{ key: 'production.yml', path: 'config.yml' }] },
      },
      { name: 'web', secret: { secretName: 'exporter-web' } },
    ]);
    expect(at(pod, 'containers.0.envFrom')).toEqual([{ secretRef: { name: 'platform-keys' } }]);
    expect(at(pod, 'securityContext.runAsUser')).toBeUndefined();
    expect(at(pod, 'containers.0.livenessProbe.httpGet.scheme')).toBe('HTTPS');
  });

  it('shows the demo without keys, configuration or claim, on a read-only root', () => {
    const manifests = rendered('--values=@demo.yaml');

    const pod = podOf(manifests);

    expect(kinds(manifests)).toEqual(['Service', 'ServiceAccount', 'ServiceMonitor', 'StatefulSet']);
    expect(at(pod, 'containers.0.args.0')).toBe('demo');
    expect(at(pod, 'containers.0.volumeMounts')).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
    expect(at(pod, 'containers.0.livenessProbe.httpGet.scheme')).toBe('HTTP');
  });

  it('scrapes so that no series changes its identity with the pod', () => {
    const monitor = only(rendered('--values=@everything.yaml').filter(({ kind }) => kind === 'ServiceMonitor'));

    const endpoint = at(monitor, 'spec.endpoints.0');

    expect(at(endpoint, 'honorLabels')).toBe(true);
    expect(at(endpoint, 'relabelings')).toEqual([
      { action: 'labeldrop', regex: 'service|pod|container|endpoint' },
      { action: 'replace', targetLabel: 'instance', replacement: 'mttr-exporter-eu' },
    ]);
    // Dropped from the samples, `service` would be the exporter's own.
    expect(at(endpoint, 'metricRelabelings')).toBeUndefined();
    expect(monitor.metadata).toMatchObject({ labels: { release: 'kube-prometheus-stack', owner: 'sre' } });
  });

  it('hands rules and dashboards to the cluster as they are, templates of their own included', () => {
    const manifests = rendered('--values=@everything.yaml');

    const rules = manifests.filter(({ kind }) => kind === 'PrometheusRule');
    const dashboards = manifests.filter(({ kind }) => kind === 'ConfigMap');

    const sources = globSync('deploy/prometheus/mttr.*.yml', { cwd: root }).sort();
    expect(rules.map(({ spec }) => spec)).toEqual(sources.map((path) => load(readFileSync(join(root, path), 'utf8'))));
    expect(JSON.stringify(rules)).toContain('{{ ');
    const drawn = globSync('grafana/dashboards/*.json', { cwd: root }).sort();
    expect(dashboards.map((one) => one['data'])).toEqual(
      drawn.map((path) => ({ [basename(path)]: readFileSync(join(root, path), 'utf8').trim() })),
    );
    for (const { metadata } of dashboards) {
      expect(metadata).toMatchObject({ namespace: 'grafana', labels: { grafana_dashboard: '1' } });
    }
  });

  it('puts thresholds and the addresses of runbooks and dashboards where its values say so', () => {
    const rules = rendered(
      '--values=@everything.yaml',
      '--set=prometheusRule.thresholds.regression_ratio=2.5,prometheusRule.thresholds.opened_30d=6',
      '--set=prometheusRule.repositoryUrl=https://git.example.com/sre/',
      '--set=prometheusRule.grafanaUrl=https://grafana.example.com/team',
    ).filter(({ kind }) => kind === 'PrometheusRule');

    const text = JSON.stringify(rules);

    const all = rules.flatMap((rule) => z.array(z.looseObject({ rules: Rule.array() })).parse(at(rule, 'spec.groups')));
    const thresholds = all
      .flatMap((group) => group.rules)
      .filter(({ record }) => record?.startsWith('mttr:threshold:'));
    expect(thresholds).toContainEqual({ record: 'mttr:threshold:regression_ratio', expr: 'vector(2.5)' });
    expect(thresholds).toContainEqual({
      record: 'mttr:threshold:opened_30d',
      expr: 'vector(6)',
      labels: { incident_rank: '0' },
    });
    expect(thresholds).toContainEqual({ record: 'mttr:threshold:burn_30d', expr: 'vector(1)' });
    expect(text).toContain('"runbook_url":"https://git.example.com/sre/docs/runbooks/MttrRegressed.md"');
    expect(text).toContain('"dashboard_url":"https://grafana.example.com/team/d/mttr-overview?');
    expect(text).not.toContain('example.invalid');
  });

  it('changes each threshold by one value', () => {
    const names = rulesIn('mttr.rules.yml').flatMap(({ record = '' }) =>
      record.startsWith('mttr:threshold:') ? [record.replace('mttr:threshold:', '')] : [],
    );
    const words = names.map((name, index) => `prometheusRule.thresholds.${name}=${100 + index}`);

    const text = JSON.stringify(rendered('--values=@everything.yaml', `--set=${words.join(',')}`));

    const changed = [...text.matchAll(/"record":"mttr:threshold:(\w+)","expr":"vector\((\d+)\)"/g)];
    expect(changed.map(([, name, value]) => [name, value])).toEqual(
      names.map((name, index) => [name, String(100 + index)]),
    );
  });

  it('puts the addresses of the exporter and of runbooks into dashboards where its values say so', () => {
    const dashboards = rendered(
      '--values=@everything.yaml',
      '--set=dashboards.exporterUrl=https://mttr.example.com/',
      '--set=prometheusRule.repositoryUrl=https://git.example.com/sre/',
    ).filter(({ kind }) => kind === 'ConfigMap');

    const text = JSON.stringify(dashboards);

    expect(text).toContain('https://mttr.example.com\\');
    expect(text).toContain('https://git.example.com/sre\\');
    expect(text).not.toMatch(/example\.invalid|localhost/);
  });

  it('lets only those in whom the policy names, and the exporter out to DNS and HTTPS', () => {
    const policy = only(rendered('--values=@everything.yaml').filter(({ kind }) => kind === 'NetworkPolicy'));

    expect(at(policy, 'spec.policyTypes')).toEqual(['Ingress', 'Egress']);
    expect(at(policy, 'spec.ingress')).toEqual([
      {
        ports: [{ port: 'http', protocol: 'TCP' }],
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      },
    ]);
    expect(at(policy, 'spec.egress')).toMatchObject([
      { ports: [{ port: 53 }, { port: 53 }] },
      { ports: [{ port: 443 }] },
      { ports: [{ port: 3128 }] },
    ]);
  });

  it.each([
    { says: 'a second replica', set: 'replicas=2', message: "at '/replicas': value must be 1" },
    { says: 'an unknown value', set: 'imag.tag=1', message: "additional properties 'imag' not allowed" },
    {
      says: 'an unknown value below another',
      set: 'image.tg=1',
      message: "at '/image': additional properties 'tg' not allowed",
    },
    {
      says: 'a volume of many writers',
      set: 'persistence.accessMode=ReadWriteMany',
      message: "at '/persistence/accessMode': value must be one of 'ReadWriteOnce'",
    },
    {
      says: 'a size without a number',
      set: 'persistence.size=big',
      message: "at '/persistence/size': 'big' does not match",
    },
    {
      says: 'an unknown log level',
      set: 'log.level=verbose',
      message: "at '/log/level': value must be one of 'debug'",
    },
    {
      says: 'an interval that is no duration',
      set: 'serviceMonitor.interval=often',
      message: "at '/serviceMonitor/interval': 'often'",
    },
    {
      says: 'a name that no object can have',
      set: 'credentials.existingSecret=My_Secret',
      message: "at '/credentials/existingSecret'",
    },
    {
      says: 'text where a switch is',
      set: 'prometheusRule.enabled=maybe',
      message: "at '/prometheusRule/enabled': got string, want boolean",
    },
    {
      says: 'an unknown key of the configuration',
      set: 'config.histry=30d',
      message: "at '/config': additional properties 'histry' not allowed",
    },
    {
      says: 'a duration of the configuration',
      set: 'config.history=3y',
      message: "at '/config/history': '3y' does not match",
    },
    {
      says: 'an unknown platform',
      set: 'config.providers[0].type=pager',
      message: "at '/config/providers/0/type': value must be one of 'pagerduty'",
    },
    {
      says: 'an unknown key of a platform',
      set: 'config.providers[0].type=cloudwatch,config.providers[0].region=x',
      message: "at '/config/providers/0': additional properties 'region' not allowed",
    },
    {
      says: 'an unknown threshold',
      set: 'prometheusRule.thresholds.regresion=2',
      message: "at '/prometheusRule/thresholds': additional properties 'regresion' not allowed",
    },
    {
      says: 'no provider at all',
      set: 'log.level=info',
      message: 'no provider; expected config, configText, existingConfig.secretName, credentials',
    },
    {
      says: 'two configurations',
      set: 'configText=a,existingConfig.secretName=b',
      message: 'configText and existingConfig.secretName are set; expected one of them',
    },
    {
      says: 'two kinds of credentials',
      set: 'credentials.existingSecret=a,credentials.values.B=c',
      message: 'expected one of them',
    },
    {
      says: 'TLS without a certificate',
      set: 'demo=true,web.tls=true',
      message: 'web.existingSecret names no Secret with web.yml',
    },
  ])('refuses $says, and names it', ({ set, message }) => {
    const { status, stderr } = helmSays('--set', set);

    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
