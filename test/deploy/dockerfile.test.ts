import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganisation } from '../../src/simulator/organisation.ts';
import { startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { foundAuthority, isOpensslMissing } from '../server/authority.ts';
import { buildImage, everythingBelow, execForm, type Image, readDockerfile, root } from './dockerfile.ts';
import { startPlatformByName } from './platform-by-name.ts';

const instructions = readDockerfile();
const named = (name: string, stage: number) => instructions.filter((one) => one.name === name && one.stage === stage);

describe('the Dockerfile', () => {
  it('builds on Node 24 and runs on an image without a shell', () => {
    const images = instructions.filter(({ name, stage }) => name === 'ARG' && stage === -1).map(({ text }) => text);

    expect(images).toEqual(['BUILD_IMAGE=node:24', 'RUN_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot']);
    expect(named('FROM', 0)[0]?.text).toBe(`\${BUILD_IMAGE} AS build`);
    expect(named('FROM', 1)[0]?.text).toBe(`\${RUN_IMAGE}`);
  });

  it('uses no shell anywhere', () => {
    const commands = instructions.filter(({ name }) => ['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(name));

    const words = commands.map(({ text }) => execForm(text.replace(/^CMD /, '')));

    expect(words.length).toBeGreaterThan(4);
    expect(named('RUN', 1)).toEqual([]);
  });

  it('runs as nobody, by number, so that an orchestrator can see it', () => {
    expect(named('USER', 1).map(({ text }) => text)).toEqual(['65532:65532']);
  });

  it('has one volume, owned by that user', () => {
    const [volume] = named('VOLUME', 1);
    const data = named('COPY', 1).find(({ text }) => text.endsWith(' data'));

    expect(volume?.text).toBe('["/var/lib/mttr-exporter/data"]');
    expect(data?.flags).toEqual({ from: 'build', chown: '65532:65532' });
  });

  it('says what it is', () => {
    const labels = named('LABEL', 1)[0]?.text ?? '';

    for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
      expect(labels).toContain(`org.opencontainers.image.${label}="`);
    }
    const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(named('ARG', 1)[0]?.text).toBe(`VERSION=${version}`);
    expect(labels).toContain(description);
  });

  it('is given nothing but what it copies', () => {
    const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');

    const copied = instructions.flatMap(({ name, flags, text }) =>
      name === 'COPY' && flags['from'] === undefined ? text.split(' ').slice(0, -1) : [],
    );

    expect(allowed.filter((line) => line.startsWith('!')).sort()).toEqual(copied.map((path) => `!${path}`).sort());
    expect(allowed[0]).toBe('*');
  });
});

describe('what the Dockerfile builds', () => {
  let folder = '';
  let image: Image;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-image-'));
    image = buildImage(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The image's Node is this Node. */
  const start = (words: readonly string[], env: Record<string, string>): [string, string[], object] => [
    process.execPath,
    [...image.entrypoint.slice(1), ...words],
    { cwd: image.workdir, env: { ...image.env, ...env } },
  ];

  it('tells its version', () => {
    const [node, words, options] = start(['--version'], {});

    const told = execFileSync(node, words, options).toString();

    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(told).toContain(`mttr-exporter ${version} `);
  });

  it('is started by the path of its own Node', () => {
    expect(image.entrypoint[0]).toBe('/nodejs/bin/node');
    expect(image.healthcheck.slice(0, 2)).toEqual(['/nodejs/bin/node', '-e']);
  });

  it.skipIf(isOpensslMissing)(
    'serves recovery times with nothing but a token in the environment, and writes into its volume only',
    async () => {
      const authority = foundAuthority();
      const { pagerduty } = createOrganisation({ seed: 3, nowMs: Date.now() });
      const fake = await startPagerdutyFake(pagerduty, { apiKey: 'the-token' });
      const platform = await startPlatformByName(fake.url, authority.issue('api', ['DNS:api.pagerduty.com']));
      const before = everythingBelow(folder);
      const way = { HTTPS_PROXY: platform.proxyUrl, NODE_EXTRA_CA_CERTS: authority.certFile };
      const [node, words, options] = start(['--web.listen-address=127.0.0.1:0'], {
        ...way,
        PAGERDUTY_TOKEN: 'the-token',
      });
      const daemon = spawn(node, words, options);
      try {
        const url = await listeningUrl(daemon);
        const check = image.healthcheck[2]?.replace('127.0.0.1:16887', new URL(url).host) ?? '';
        expect(check).toContain(new URL(url).host);

        const health = execFileSync(process.execPath, ['-e', check]);
        await isTrueOf(`${url}-/ready`, ({ status }) => status === 200);
        const page = await isTrueOf(`${url}metrics`, ({ text }) => text.includes('incident_mttr_minutes{'));
        daemon.kill('SIGTERM');
        const [code] = await once(daemon, 'exit');

        expect(health.toString()).toBe('');
        expect(page.text).toContain('mttr_exporter_provider_synced{provider="pagerduty"} 1');
        expect(new Set(platform.hosts)).toEqual(new Set(['api.pagerduty.com:443']));
        expect(code).toBe(0);
        const written = everythingBelow(folder).filter((path) => !before.includes(path));
        expect(written.length).toBeGreaterThan(0);
        expect(written.filter((path) => !join(folder, path).startsWith(`${image.volume}/`))).toEqual([]);
      } finally {
        daemon.kill('SIGKILL');
        await platform.close();
        await fake.close();
        authority.remove();
      }
    },
  );

  it('is found unhealthy where nothing listens', () => {
    const check = image.healthcheck[2]?.replace(':16887', ':1') ?? '';

    const run = () => execFileSync(process.execPath, ['-e', check], { stdio: 'pipe' });

    expect(run).toThrow(expect.objectContaining({ status: 1 }));
  });
});

/** The address in the daemon's own log. */
async function listeningUrl({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('the daemon has no log');
  const said: string[] = [];
  for await (const line of createInterface(stderr)) {
    said.push(line);
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (line.includes('"msg":"listening"') && url !== undefined) return url;
  }
  throw new Error(`the daemon ended: ${said.join('\n')}`);
}

/** Asks until the answer is as wanted; the test's own time limit ends it otherwise. */
async function isTrueOf(url: string, wanted: (answer: { status: number; text: string }) => boolean) {
  for (;;) {
    const response = await fetch(url);
    const answer = { status: response.status, text: await response.text() };
    if (wanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
