import { accessSync, constants, existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { root } from './dockerfile.ts';

const Permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const Step = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
const Job = z.strictObject({
  'runs-on': z.string().optional(),
  'timeout-minutes': z.number().optional(),
  needs: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  permissions: Permissions.optional(),
  steps: Step.array().default([]),
});
const Workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: Permissions,
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), Job),
});
type Workflow = z.infer<typeof Workflow>;

const workflows = new Map(
  globSync('.github/workflows/*.yml', { cwd: root })
    .sort()
    .map((path) => [basename(path, '.yml'), Workflow.parse(load(readFileSync(join(root, path), 'utf8')))]),
);
const named = (name: string): Workflow => {
  const workflow = workflows.get(name);
  if (workflow === undefined) throw new Error(`there is no workflow ${name}`);
  return workflow;
};
const jobs = [...workflows].flatMap(([workflow, { jobs: all }]) =>
  Object.entries(all).map(([name, job]) => ({ name: `${workflow}/${name}`, job })),
);
const steps = jobs.flatMap(({ job }) => job.steps);
const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

describe('the workflows', () => {
  it('are a test, an image and a release', () => {
    expect([...workflows.keys()]).toEqual(['image', 'release', 'test']);
  });

  it('run nothing of others but in an exact version', () => {
    const used = [...steps, ...jobs.map(({ job }) => job)].flatMap(({ uses }) => uses ?? []);

    const loose = used.filter((one) => !one.startsWith('./') && !/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/.test(one));

    expect(used.length).toBeGreaterThan(8);
    expect(loose).toEqual([]);
  });

  it('use one version of each action', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);

    const versions = new Set(used);
    const actions = new Set(used.map((one) => one.split('@')[0]));

    expect(versions.size).toBe(actions.size);
  });

  it('call only what is in the repository', () => {
    const called = jobs.flatMap(({ job }) => job.uses ?? []);
    const files = scripts.flatMap((run) =>
      [...run.matchAll(/(?:--file |package )((?:deploy|test)\/\S+)/g)].map(([, path = '']) => path),
    );

    const missing = [...called, ...files].filter((path) => !existsSync(join(root, path)));

    expect(called.length + files.length).toBeGreaterThan(4);
    expect(missing).toEqual([]);
  });

  it('may read and no more, but for the jobs that publish', () => {
    const writing = jobs
      .filter(({ job }) => Object.values(job.permissions ?? {}).includes('write'))
      .map(({ name }) => name);

    expect([...workflows.values()].map(({ permissions }) => permissions)).toEqual(Array(3).fill({ contents: 'read' }));
    expect(writing).toEqual(['image/publish', 'release/image', 'release/publish']);
  });

  it('leave no token in a checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));

    expect(checkouts.length).toBeGreaterThan(3);
    for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'persist-credentials': false });
  });

  it('put nothing into a script that somebody else may have written', () => {
    const expanded = scripts.filter((run) => run.includes('${{'));

    expect(expanded).toEqual([]);
  });

  it('end by themselves when they hang', () => {
    const endless = jobs.filter(({ job }) => job.uses === undefined && job['timeout-minutes'] === undefined);

    expect(endless).toEqual([]);
  });
});

describe('the test', () => {
  it('is .ci/run, on every change', () => {
    const { on, jobs: all } = named('test');

    accessSync(join(root, '.ci/run'), constants.X_OK);
    expect(Object.keys(on)).toEqual(['pull_request', 'push', 'workflow_call']);
    expect(all['test']?.steps.at(-1)?.run).toBe('.ci/run');
  });
});

describe('the image', () => {
  it('is started with everything around it before it is published', () => {
    const { jobs: all } = named('image');

    expect(all['try']?.steps.map(({ run }) => run ?? '').join('\n')).toContain(
      'docker compose --file deploy/compose/compose.yml up',
    );
    expect(all['publish']?.needs).toBe('try');
  });

  it('is published by a tag alone, with a list of what is in it and where it comes from', () => {
    const publish = named('image').jobs['publish'];
    const build = publish?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));

    expect(publish?.if).toBe("startsWith(github.ref, 'refs/tags/v')");
    expect(build?.with).toMatchObject({
      push: true,
      sbom: true,
      provenance: 'mode=max',
      platforms: 'linux/amd64,linux/arm64',
    });
  });

  it('is told its version and revision, which its Dockerfile asks for', () => {
    const build = named('image').jobs['publish']?.steps.find(({ uses }) =>
      uses?.startsWith('docker/build-push-action@'),
    );
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

    const told = String(build?.with?.['build-args']).match(/^\w+(?==)/gm) ?? [];

    expect(told).toEqual(['VERSION', 'REVISION']);
    for (const name of told) expect(dockerfile).toContain(`ARG ${name}=`);
  });
});

describe('the release', () => {
  it('waits for version, tests and image', () => {
    const { jobs: all } = named('release');

    expect(Object.entries(all).map(([name, { needs }]) => [name, needs])).toEqual([
      ['version', undefined],
      ['test', 'version'],
      ['image', 'test'],
      ['publish', 'image'],
    ]);
  });

  it('publishes package, chart and the part of the changelog that is about it', () => {
    const script = named('release')
      .jobs['publish']?.steps.map(({ run }) => run ?? '')
      .join('\n');

    expect(script).toContain('npm pack');
    expect(script).toContain('helm push chart/*.tgz');
    expect(script).toContain('sha256sum mttr-exporter-*.tgz > SHA256SUMS');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toMatch(new RegExp(`^## ${version}( |$)`, 'm'));
  });
});
