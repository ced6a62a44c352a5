import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const RULES = fileURLToPath(new URL('../../deploy/prometheus/mttr.rules.yml', import.meta.url));

/** Seconds between scrapes, between evaluations of rules, and between points of a line. */
const STEP_SECONDS = 2;
/** How far a line reaches back. */
const RANGE_SECONDS = 900;

export interface Prometheus {
  /** How many series of the answer have a number that is one. */
  series(expression: string, over: 'now' | 'range'): Promise<number>;
  /** Values of a label of the series that a selector chooses. */
  values(label: string, selector: string): Promise<string[]>;
  /** Exemplars of the last minutes of the series in the expression. */
  exemplars(expression: string): Promise<number>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function configuration(target: string): string {
  return JSON.stringify({
    global: { scrape_interval: `${STEP_SECONDS}s`, evaluation_interval: `${STEP_SECONDS}s` },
    rule_files: [RULES],
    scrape_configs: [
      {
        job_name: 'mttr-exporter',
        honor_labels: true,
        static_configs: [{ targets: [target], labels: { instance: 'mttr-exporter' } }],
      },
    ],
  });
}

/** A Prometheus with the bundled recording rules that scrapes the target and is gone after the test. */
export async function startPrometheus(name: string, target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, configuration(target));
  const address = `127.0.0.1:${await freePort()}`;
  const words = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--enable-feature=exemplar-storage',
    '--log.level=error',
  ];
  const child = spawn(name, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', (error) => {
      said += String(error);
      resolve();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (path: string, parameters: Record<string, string>) => {
    const answer = await fetch(`http://${address}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { data, error } = (await answer.json()) as { data: unknown; error?: string };
    if (error !== undefined) throw new Error(`${error}: ${parameters['query']}`);
    return data;
  };
  while (
    !(await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return reader(ask, address);
}

interface Sampled {
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

function reader(
  ask: (path: string, parameters: Record<string, string>) => Promise<unknown>,
  address: string,
): Prometheus {
  const lately = () => {
    const now = Date.now() / 1000;
    return { start: String(now - RANGE_SECONDS), end: String(now) };
  };
  return {
    series: async (expression, over) => {
      const data =
        over === 'now'
          ? await ask('query', { query: expression })
          : await ask('query_range', { query: expression, ...lately(), step: String(STEP_SECONDS) });
      const { result } = data as { result: Sampled[] };
      return result.filter(({ value, values = [] }) =>
        [...values, ...(value === undefined ? [] : [value])].some(([, text]) => !Number.isNaN(Number(text))),
      ).length;
    },
    values: async (label, selector) => {
      const found = await fetch(
        `http://${address}/api/v1/label/${label}/values?match[]=${encodeURIComponent(selector)}`,
      );
      const { data } = (await found.json()) as { data: string[] };
      return data;
    },
    exemplars: async (expression) => {
      const data = (await ask('query_exemplars', { query: expression, ...lately() })) as { exemplars: unknown[] }[];
      return data.reduce((sum, { exemplars }) => sum + exemplars.length, 0);
    },
  };
}
