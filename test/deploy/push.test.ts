import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Exporter, startExporter, temporaryFolder, writeIn } from '../e2e/process.ts';

const TOKEN = 'token "with" $signs';
const path = (name: string) => fileURLToPath(new URL(`../../deploy/push/${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');

async function start(): Promise<Exporter> {
  const folder = temporaryFolder();
  writeIn(folder, 'token', TOKEN);
  const text = `providers: [{ name: ours, type: push, token_file: ${folder}/token }]\nstore: { path: ${folder}/s.db }\n`;
  const exporter = await startExporter({ words: [`--config.file=${writeIn(folder, 'c.yml', text)}`], folder });
  await expect.poll(async () => (await exporter.get('-/ready')).status, { timeout: 30_000 }).toBe(200);
  return exporter;
}

/** Runs a script as the system would; its own environment, and nothing of ours but where programs are. */
function run(script: readonly string[], env: Readonly<Record<string, string>>, input = '') {
  const [program = 'sh', ...words] = script;
  return new Promise<{ readonly code: number | null; readonly stdout: string }>((resolve) => {
    const child = spawn(program, words, { env: { PATH: process.env['PATH'] ?? '', NO_PROXY: '*', ...env } });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.on('close', (code) => resolve({ code, stdout }));
    child.stdin.end(input);
  });
}

const ACCEPTED = { accepted: 1, unchanged: 0, rejected: [] };
const STARTED = new Date(Date.now() - 60_000).toISOString();
const common = (exporter: Exporter) => ({ MTTR_URL: exporter.url, MTTR_PROVIDER: 'ours', MTTR_TOKEN: TOKEN });
const quoted = 'fix/"quotes"-and-\\backslashes';

const Steps = z.object({
  steps: z.array(z.object({ run: z.string(), env: z.record(z.string(), z.string()).default({}) })),
});

describe('the ready-made steps, against the real exporter', () => {
  it('a shell with curl sends records of any number, and fails with the reason when they are rejected', async () => {
    const exporter = await start();
    const records = [1, 2, 3].map((id) => JSON.stringify({ id, triggeredAt: STARTED })).join('\n');

    const sent = await run(['sh', path('push.sh'), 'incidents'], common(exporter), records);
    const again = await run(['sh', path('push.sh'), 'incidents'], common(exporter), records);
    const rejected = await run(['sh', path('push.sh'), 'incidents'], common(exporter), '{"id":"4"}');
    const unknown = await run(['sh', path('push.sh'), 'incidents'], { ...common(exporter), MTTR_TOKEN: 'no' }, '{}');

    expect(sent.code).toBe(0);
    expect(JSON.parse(sent.stdout)).toEqual({ accepted: 3, unchanged: 0, rejected: [] });
    expect(JSON.parse(again.stdout)).toEqual({ accepted: 0, unchanged: 3, rejected: [] });
    expect(rejected.code).toBe(22);
    expect(JSON.parse(rejected.stdout)).toMatchObject({ rejected: [{ index: 0, field: 'triggeredAt' }] });
    expect(unknown.code).toBe(22);
  });

  it('a GitHub Actions step reports a deployment', async () => {
    const exporter = await start();
    const { steps } = Steps.parse(parse(read('github-actions.yml')));
    const [first, report] = steps;
    const folder = temporaryFolder();
    const output = writeIn(folder, 'output', '');
    await run(['bash', '-e', '-c', first?.run ?? ''], { GITHUB_OUTPUT: output });
    const [, startedAt = ''] = readFileSync(output, 'utf8').trim().split('=');
    const values: Readonly<Record<string, string>> = {
      'vars.MTTR_URL': exporter.url,
      'secrets.MTTR_TOKEN': TOKEN,
      'job.status': 'failure',
      'steps.started.outputs.at': startedAt,
    };
    const env = Object.entries(report?.env ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ (.*?) \}\}/g, (_all, expression: string) => values[expression] ?? 'unknown expression'),
    ]);

    const sent = await run(['bash', '-e', '-o', 'pipefail', '-c', report?.run ?? ''], {
      ...Object.fromEntries(env),
      GITHUB_RUN_ID: '17',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_JOB: 'deploy',
      GITHUB_REPOSITORY: 'acme/checkout',
      GITHUB_REF_NAME: quoted,
      GITHUB_SHA: 'a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d',
      GITHUB_SERVER_URL: 'https://github.com',
    });

    expect(sent.code).toBe(0);
    expect(JSON.parse(sent.stdout)).toEqual(ACCEPTED);
  });

  it('a GitLab job reports a deployment, however it ends', async () => {
    const exporter = await start();
    const jobs = z.looseObject({ '.report-deployment': z.object({ after_script: z.array(z.string()) }) });
    const [script = ''] = jobs.parse(parse(read('gitlab-ci.yml')))['.report-deployment'].after_script;

    for (const status of ['success', 'failed', 'canceled']) {
      const sent = await run(['sh', '-e', '-c', script], {
        ...common(exporter),
        CI_JOB_STATUS: status,
        CI_JOB_ID: `664-${status}`,
        CI_PROJECT_PATH: 'acme/checkout',
        CI_ENVIRONMENT_NAME: 'production',
        CI_COMMIT_REF_NAME: quoted,
        CI_COMMIT_SHA: 'a91957a858320c0e17f3a0eca7cfacbff50ea29a',
        CI_JOB_STARTED_AT: STARTED,
        CI_JOB_URL: 'https://gitlab.example.com/acme/checkout/-/jobs/664',
      });

      expect(sent.code).toBe(0);
      expect(JSON.parse(sent.stdout)).toEqual(ACCEPTED);
    }
  });

  it('a Jenkins build reports a deployment, however it ends', async () => {
    const exporter = await start();
    const [, groovy = ''] = /script: '''\n([\s\S]*?)'''/.exec(read('Jenkinsfile')) ?? [];
    // As Groovy reads it.
    const script = groovy.replaceAll('\\\\', '\\');

    for (const result of ['SUCCESS', 'FAILURE', 'UNSTABLE', 'ABORTED']) {
      const sent = await run(['sh', '-e', '-c', script], {
        ...common(exporter),
        MTTR_ENVIRONMENT: 'production',
        MTTR_RESULT: result,
        MTTR_STARTED_AT: String(Date.parse(STARTED)),
        BUILD_TAG: `jenkins-7-${result}`,
        JOB_NAME: 'acme/checkout',
        JOB_BASE_NAME: 'checkout',
        GIT_BRANCH: quoted,
        GIT_COMMIT: 'a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d',
        BUILD_URL: 'https://jenkins.example.com/job/acme/7/',
      });

      expect(sent.code).toBe(0);
      expect(JSON.parse(sent.stdout)).toEqual(ACCEPTED);
    }
  });
});
