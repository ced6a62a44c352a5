import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const StoredState = z
  .object({
    labels: z.record(z.string(), z.string()),
    status: z.object({ inhibitedBy: z.string().array() }),
  })
  .transform(({ labels, status }) => ({
    name: [labels['alertname'], ...(labels['provider'] === undefined ? [] : [labels['provider']])].join(' '),
    job: labels['job'],
    isInhibited: status.inhibitedBy.length > 0,
  }));
export type StoredState = z.infer<typeof StoredState>;

type Labels = Readonly<Record<string, string>>;

const PATIENCE_MS = 30_000;

/** A running Alertmanager that ends with the test. */
export interface Alertmanager {
  readonly url: string;
  /**
   * Gives it alerts, then two more of which the first keeps the second quiet, and says what it makes of the alerts when that has happened:
   * it judges in order.
   */
  receive(alerts: readonly Labels[], last: readonly [Labels, Labels]): Promise<StoredState[]>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What the attempt gives, as soon as it gives something; throws after half a minute. */
async function until<Found>(says: string, attempt: () => Promise<Found | undefined>): Promise<Found> {
  const endsAt = Date.now() + PATIENCE_MS;
  while (Date.now() < endsAt) {
    const found = await attempt();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error(`Alertmanager: ${says} did not come`);
}

/** Starts it on loopback with a configuration, without neighbours. */
export async function startAlertmanager(program: string, configuration: string): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, configuration);
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.path=${folder}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://${address}`;
  await until('an answer', async () => {
    if (child.exitCode !== null) throw new Error(`Alertmanager ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  return {
    url,
    receive: async (alerts, last) => {
      await give(url, alerts);
      await give(url, last);
      return until('a judgement', () => judged(url, last[1]));
    },
  };
}

async function give(url: string, alerts: readonly Labels[]): Promise<void> {
  const answer = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  });
  if (!answer.ok) throw new Error(`Alertmanager: ${answer.status} ${await answer.text()}`);
}

async function judged(url: string, last: Labels): Promise<StoredState[] | undefined> {
  const known = StoredState.array().parse(await (await fetch(`${url}/api/v2/alerts`)).json());
  const isLast = ({ job }: StoredState) => job === last['job'];
  if (!known.some((alert) => isLast(alert) && alert.isInhibited)) return undefined;
  return known.filter((alert) => !isLast(alert));
}
