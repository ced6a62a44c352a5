import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { copies } from '../../scripts/chart/copies.ts';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { readDockerfile, root } from './dockerfile.ts';
import { only } from './pods.ts';

const folder = join(root, 'deploy/compose');
const Mount = z.strictObject({
  type: z.literal('bind'),
  source: z.string(),
  target: z.string(),
  read_only: z.literal(true),
  // Else a missing file silently becomes an empty folder.
  bind: z.strictObject({ create_host_path: z.literal(false) }),
});
type Mount = z.infer<typeof Mount>;
const Service = z.looseObject({
  image: z.string().optional(),
  command: z.string().array().default([]),
  volumes: z.union([Mount, z.string()]).array().default([]),
  ports: z.string().array().default([]),
  tmpfs: z.string().array().default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  healthcheck: z.looseObject({ test: z.string().array() }).optional(),
});
const Stack = z.looseObject({ services: z.record(z.string(), Service) });
const Scrape = z.looseObject({
  job_name: z.string(),
  static_configs: z.array(z.strictObject({ targets: z.string().array() })),
});
const Prometheus = z.looseObject({ rule_files: z.string().array(), scrape_configs: Scrape.array() });

/** js-yaml leaves merge keys alone: what they name is laid below here. */
function readStack(name: string): z.infer<typeof Stack> {
  const text = readFileSync(join(folder, name), 'utf8');
  const plain = z.looseObject({ services: z.record(z.string(), z.looseObject({})) }).parse(load(text));
  const services = Object.entries(plain.services).map(([key, { '<<': merged, ...own }]) => [
    key,
    { ...Object(merged), ...own },
  ]);
  return Stack.parse({ ...plain, services: Object.fromEntries(services) });
}
const demo = readStack('compose.yml');
const own = readStack('own.yml');
const service = (name: string) => only([demo.services[name]]);
const mountsOf = ({ services }: typeof demo): Mount[] =>
  Object.values(services).flatMap(({ volumes }) => volumes.filter((one) => typeof one !== 'string'));
const readPrometheus = (path: string) => Prometheus.parse(load(readFileSync(join(root, path), 'utf8')));
const isThere = (program: string) => spawnSync(program, ['--version']).status === 0;
const isCi = process.env['CI'] === 'true';
const hasPromtool = isThere('promtool');
const hasAmtool = isThere('amtool');

describe('the compose stack', () => {
  it('is the exporter with Prometheus, Alertmanager and Grafana, each in one exact version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

    const images = Object.entries(demo.services).map(([name, { image = '' }]) => [name, image]);

    expect(images.map(([name]) => name)).toEqual(['mttr-exporter', 'prometheus', 'alertmanager', 'grafana']);
    expect(images[0]?.[1]).toBe(`mttr-exporter:${version}`);
    for (const [, image] of images) expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+\.\d+$/);
  });

  it.each(Object.entries(demo.services))('keeps %s to a read-only root without rights', (_, one) => {
    expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });

  it('opens ports to this machine only', () => {
    const ports = Object.values(demo.services).flatMap((one) => one.ports);

    const open = ports.filter((port) => !port.startsWith('127.0.0.1:'));

    expect(ports.length).toBe(4);
    expect(open).toEqual([]);
  });

  it('knows of each service whether it works', () => {
    const ownCheck = readDockerfile().filter(({ name }) => name === 'HEALTHCHECK');

    const others = Object.entries(demo.services).filter(([name]) => name !== 'mttr-exporter');

    expect(ownCheck.length).toBe(1);
    for (const [name, { healthcheck }] of others) expect(healthcheck?.test[0], name).toBe('CMD');
  });

  it('mounts files that exist, the user’s own apart', () => {
    const ofTheUser = ['./mttr-exporter.yml', './secrets'];

    const missing = [...mountsOf(demo), ...mountsOf(own)]
      .map(({ source }) => source)
      .filter((source) => !existsSync(join(folder, source)));

    expect(missing.filter((source) => !ofTheUser.includes(source))).toEqual([]);
  });

  it('gives every volume that it names', () => {
    const named = Object.values(demo.services).flatMap(({ volumes }) =>
      volumes.flatMap((one) => (typeof one === 'string' ? [one.split(':')[0]] : [])),
    );

    expect(new Set(named)).toEqual(new Set(Object.keys(Object(demo['volumes']))));
  });

  it('starts the demo, whose store needs a writable /tmp of its user', () => {
    const { command, tmpfs } = service('mttr-exporter');
    const [user] = readDockerfile().filter(({ name }) => name === 'USER');

    const asked = parseCommandLine(command, '0.0.0');

    const [uid, gid] = user?.text.split(':') ?? [];
    expect(asked).toMatchObject({ name: 'demo', flags: { listenAddresses: [':16887'] } });
    expect(tmpfs).toEqual([`/tmp:uid=${uid},gid=${gid},mode=0700`]);
  });

  it('keeps the data of one’s own incidents in the volume of the image', () => {
    const [volume] = readDockerfile().filter(({ name }) => name === 'VOLUME');

    const asked = parseCommandLine(own.services['mttr-exporter']?.command ?? [], '0.0.0');

    expect(asked).toMatchObject({ name: 'serve', flags: { configFile: '/etc/mttr-exporter/config.yml' } });
    expect(mountsOf(own).map(({ target }) => target)).toContain('/etc/mttr-exporter/config.yml');
    expect(service('mttr-exporter').volumes).toContain(`exporter:${JSON.parse(volume?.text ?? '[]')[0]}`);
  });
});

describe('the Prometheus of the stack', () => {
  it('scrapes as the example does, at its own address', () => {
    const here = only(readPrometheus('deploy/compose/prometheus.yml').scrape_configs);
    const example = only(readPrometheus('deploy/prometheus/prometheus.yml').scrape_configs);

    const { static_configs: targets, ...scrape } = here;

    const { static_configs: _, scrape_interval: __, ...expected } = example;
    expect(scrape).toEqual(expected);
    expect(targets).toEqual([{ targets: ['mttr-exporter:16887'] }]);
  });

  it('keeps exemplars, which lead from a heatmap to an incident', () => {
    expect(service('prometheus').command).toContain('--enable-feature=exemplar-storage');
  });

  it.skipIf(!hasPromtool && !isCi)(
    `has a configuration that promtool accepts, rules included${hasPromtool ? '' : ' (skipped: promtool is not installed)'}`,
    () => {
      const place = mkdtempSync(join(tmpdir(), 'mttr-exporter-compose-'));
      const file = join(place, 'prometheus.yml');
      const text = readFileSync(join(folder, 'prometheus.yml'), 'utf8');
      writeFileSync(file, text.replace('/etc/prometheus/rules', join(root, 'deploy/prometheus')));

      const { status, stdout } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' });

      rmSync(place, { recursive: true });
      expect(stdout).toContain('2 rule files found');
      expect(stdout.match(/SUCCESS: \d+ rules found/g)?.length).toBe(2);
      expect(status).toBe(0);
    },
  );
});

describe('the Alertmanager of the stack', () => {
  const path = 'deploy/compose/alertmanager.yml';

  it('routes and inhibits as the example does, but sends nothing to anybody', () => {
    const text = readFileSync(join(root, path), 'utf8');

    const example = Object(load(readFileSync(join(root, 'deploy/alertmanager/alertmanager.yml'), 'utf8')));

    expect(text).toBe(copies(root).get(path));
    const here = Object(load(text));
    expect(here.route).toEqual(example.route);
    expect(here.inhibit_rules).toEqual(example.inhibit_rules);
    expect(here.receivers.map((receiver: object) => Object.keys(receiver))).toEqual(
      Array(example.receivers.length).fill(['name']),
    );
    expect(Object.keys(here)).not.toContain('global');
  });

  it('reads the example itself, and its secrets, for one’s own incidents', () => {
    const example = readFileSync(join(root, 'deploy/alertmanager/alertmanager.yml'), 'utf8');

    const mounted = (own.services['alertmanager']?.volumes ?? []).map((one) =>
      typeof one === 'string' ? one : one.target,
    );

    const secrets = [...example.matchAll(/_file: (\S+)\/[^/\s]+$/gm)].map(([, place]) => place);
    expect(mounted).toEqual(['/etc/alertmanager/alertmanager.yml', '/etc/alertmanager/secrets']);
    expect(new Set(secrets)).toEqual(new Set(['/etc/alertmanager/secrets']));
  });

  it.skipIf(!hasAmtool && !isCi)(
    `has a configuration that amtool accepts${hasAmtool ? '' : ' (skipped: amtool is not installed)'}`,
    () => {
      const { status, stdout } = spawnSync('amtool', ['check-config', join(root, path)], { encoding: 'utf8' });

      expect(stdout).toContain('SUCCESS');
      expect(status).toBe(0);
    },
  );
});

describe('the Grafana of the stack', () => {
  const read = (path: string) => readFileSync(join(root, 'grafana/provisioning', path), 'utf8');
  const mounts = service('grafana').volumes.filter((one) => typeof one !== 'string');

  it('asks the Prometheus of the stack, and knows how often that scrapes', () => {
    const [source] = Object(load(read('datasources/prometheus.yml'))).datasources;

    const { global } = Object(load(readFileSync(join(folder, 'prometheus.yml'), 'utf8')));
    expect(source.url).toBe('http://prometheus:9090');
    expect(source.jsonData.timeInterval).toBe(global.scrape_interval);
  });

  it('finds the dashboards where they are mounted, and begins with one of them', () => {
    const [provider] = Object(load(read('dashboards/mttr-exporter.yml'))).providers;

    const mount = only(mounts.filter(({ target }) => target === provider.options.path));
    const { GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: home = '' } = service('grafana').environment;

    expect(mounts.map(({ target }) => target)).toContain('/etc/grafana/provisioning');
    expect(existsSync(join(folder, String(home).replace(mount.target, mount.source)))).toBe(true);
  });
});
