import { createServer, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { temporaryFolder, writeIn } from './process.ts';
import { ALERTMANAGER, PROMETHEUS, type Server, startServer } from './servers.ts';

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** One address for an exporter that comes and goes: without one, connections are cut. */
export interface Relay {
  readonly address: string;
  /** Where notifications go from now on. */
  aim(url: string | undefined): void;
  /** Notifications that were cut so far. */
  lost(): number;
}

export async function startRelay(): Promise<Relay> {
  const state: { url: string | undefined; lost: number } = { url: undefined, lost: 0 };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      if (state.url === undefined) throw new Error('nobody is there');
      const { authorization = '' } = request.headers;
      const answer = await fetch(new URL(request.url ?? '/', state.url), {
        method: 'POST',
        headers: { authorization },
        body,
      });
      response.writeHead(answer.status).end(await answer.text());
    })().catch(() => {
      state.lost += 1;
      response.destroy();
    });
  });
  const address = await listen(server);
  return { address, aim: (url) => void (state.url = url), lost: () => state.lost };
}

/** Troubles that a Prometheus scrapes, by service; each of more than 0 fires. */
export interface Troubles {
  readonly address: string;
  readonly of: Map<string, number>;
}

export async function startTroubles(): Promise<Troubles> {
  const of = new Map<string, number>();
  const server = createServer((_, response) => {
    const lines = [...of].map(([service, value]) => `trouble{service="${service}"} ${value}\n`);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(lines.join(''));
  });
  return { address: await listen(server), of };
}

export interface AlertmanagerOptions {
  readonly relay: Relay;
  readonly sendResolved?: boolean;
}

/** An Alertmanager that tells the provider `alerts` of everything at once. */
export function startTelling({ relay, sendResolved = true }: AlertmanagerOptions): Promise<Server> {
  const folder = temporaryFolder();
  const file = writeIn(
    folder,
    'alertmanager.yml',
    `
route: { receiver: mttr-exporter, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: mttr-exporter
    webhook_configs:
      - url: http://${relay.address}/webhooks/alerts
        send_resolved: ${sendResolved}
        http_config: { authorization: { type: Bearer, credentials: the-secret } }
`,
  );
  const words = [`--config.file=${file}`, `--storage.path=${folder}/data`, '--cluster.listen-address='];
  return startServer({ program: ALERTMANAGER.name, words });
}

/** A Prometheus that scrapes troubles and tells these Alertmanagers. */
export function startAlerting(troubles: Troubles, alertmanagers: readonly Server[]): Promise<Server> {
  const folder = temporaryFolder();
  writeIn(
    folder,
    'rules.yml',
    `
groups:
  - name: troubles
    interval: 1s
    rules:
      - alert: Trouble
        expr: trouble > 0
        labels: { severity: critical, team: payments }
`,
  );
  const file = writeIn(
    folder,
    'prometheus.yml',
    `
global: { scrape_interval: 500ms, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: troubles
    static_configs: [{ targets: ['${troubles.address}'] }]
alerting:
  alertmanagers: [{ static_configs: [{ targets: [${alertmanagers.map(({ address }) => `'${address}'`).join(', ')}] }] }]
`,
  );
  const words = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, '--rules.alert.resend-delay=1s'];
  return startServer({ program: PROMETHEUS.name, words });
}
