import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { root } from './dockerfile.ts';
import { complaintsAbout, readManifests } from './manifests.ts';
import { at, containerOf, only, podOf } from './pods.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const exporter = readManifests(read('deploy/kubernetes/mttr-exporter.yaml'));
const job = only(readManifests(read('deploy/kubernetes/report-cronjob.yaml')));
const pod = at(job, 'spec.jobTemplate.spec.template.spec');
const container = at(pod, 'containers.0');

function namesAt(value: unknown, path: string): string[] {
  const list = at(value, path);
  return Array.isArray(list) ? list.map((one) => String(at(one, 'name'))).sort() : [];
}

function mountsOf(value: unknown): Map<string, unknown> {
  const list = at(value, 'volumeMounts');
  return new Map(Array.isArray(list) ? list.map((one) => [String(at(one, 'name')), at(one, 'mountPath')]) : []);
}

describe('the weekly post in Kubernetes', () => {
  it('is what the schema of Kubernetes allows', async () => {
    expect(await complaintsAbout([job])).toEqual([]);
  });

  it('runs a report with flags that there are', () => {
    const command = parseCommandLine(Object(at(container, 'args')), 'test');

    expect(command).toMatchObject({ kind: 'command', name: 'report' });
  });

  it('reads the store, the configuration and the keys of the exporter, with its image and user', () => {
    const serving = containerOf(exporter);
    const set = only(exporter.filter(({ kind }) => kind === 'StatefulSet'));
    const claim = `${String(at(set, 'spec.volumeClaimTemplates.0.metadata.name'))}-mttr-exporter-0`;

    expect(at(pod, 'volumes.0.persistentVolumeClaim.claimName')).toBe(claim);
    for (const path of ['image', 'envFrom', 'securityContext']) expect(at(container, path)).toEqual(at(serving, path));
    expect(at(pod, 'securityContext')).toEqual(at(podOf(exporter), 'securityContext'));
    for (const [name, path] of mountsOf(serving)) expect(mountsOf(container).get(name)).toBe(path);
    expect(namesAt(pod, 'volumes')).toEqual([...mountsOf(container).keys()].sort());
  });

  it('goes to the node of the exporter, whose volume one node has', () => {
    const selector = at(
      pod,
      'affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchLabels',
    );

    const labels = at(only(exporter.filter(({ kind }) => kind === 'StatefulSet')), 'spec.template.metadata.labels');

    expect(labels).toMatchObject(Object(selector));
  });

  it('is not taken for the exporter by its Service', () => {
    const selector = Object(at(only(exporter.filter(({ kind }) => kind === 'Service')), 'spec.selector'));

    const labels = Object(at(job, 'spec.jobTemplate.spec.template.metadata.labels'));

    expect(Object.entries(selector).every(([name, value]) => labels[name] === value)).toBe(false);
  });
});

describe('the weekly post by cron', () => {
  const line = only(
    read('deploy/cron/mttr-report')
      .split('\n')
      .filter((one) => one !== '' && !one.startsWith('#')),
  );
  const unit = read('deploy/systemd/mttr-exporter.service');

  it('runs a report with flags that there are, by the program and configuration of the unit', () => {
    const [before = '', after = ''] = line.split('mttr-exporter.js ');
    const program = `${before.split(' ').slice(-2).join(' ')}mttr-exporter.js`;

    const command = parseCommandLine(after.split(' '), 'test');

    expect(command).toMatchObject({ kind: 'command', name: 'report' });
    expect(unit).toContain(`ExecStart=${program} serve --config.file=/etc/mttr-exporter/config.yml`);
    expect(after).toContain('--config.file=/etc/mttr-exporter/config.yml');
  });

  it('gives the keys as the unit does, and runs where the store is', () => {
    const properties = [...line.matchAll(/--property=(\S+)/g)].map(([, property = '']) => property);

    expect(properties).toEqual([
      'LoadCredential=key:/etc/mttr-exporter/keys',
      'WorkingDirectory=/var/lib/mttr-exporter',
    ]);
    for (const property of properties) expect(unit).toContain(property.replace('/var/lib', '%S'));
  });

  it('is a line of /etc/cron.d: five fields, a user, no percent sign, which cron would read as a line break', () => {
    expect(line).toMatch(/^0 9 \* \* 1 root /);
    expect(line).not.toContain('%');
  });
});
