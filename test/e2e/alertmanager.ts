import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { root } from '../deploy/rule-files.ts';
import { temporaryFolder, writeIn } from './process.ts';
import { ALERTMANAGER, edited, startServer } from './servers.ts';

/** A running Alertmanager with the shipped configuration. */
export interface Alertmanager {
  /** `host:port`. */
  readonly address: string;
  /** Alerts that nothing holds back: their names with the severity of the incidents, in order. */
  active(): Promise<string[]>;
  /** The names of all alerts, and whom each is sent to. */
  routed(): Promise<Record<string, readonly string[]>>;
  /** Alerts that another one holds back, written likewise. */
  inhibited(): Promise<string[]>;
  /** Titles that were written to the chat so far. */
  chatted(): readonly string[];
}

interface Held {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly inhibitedBy: readonly string[] };
}

/** What an alert is called here. */
export function alertName({ alertname = '', incident_severity = '' }: Readonly<Record<string, string>>): string {
  return `${alertname} ${incident_severity}`.trimEnd();
}

/** Starts Debian's Alertmanager; whom it would tell is on loopback, and what it would wait for takes a second. */
export async function startAlertmanager(): Promise<Alertmanager> {
  const folder = temporaryFolder();
  const receiver = await startReceiver();
  for (const secret of ['smtp-password', 'pagerduty-routing-key']) writeIn(folder, secret, 'invented');
  writeIn(folder, 'slack-url', `${receiver.url}/chat`);
  const text = edited(readFileSync(`${root}deploy/alertmanager/alertmanager.yml`, 'utf8'), [
    [/^global:$/gm, `global:\n  pagerduty_url: ${receiver.url}/page`],
    ['mail.example.com:587', '127.0.0.1:1'],
    ['/etc/alertmanager/secrets', folder],
    [/group_(wait|interval): \w+/g, 'group_$1: 1s'],
  ]);
  const file = writeIn(folder, 'alertmanager.yml', text);
  const words = [`--config.file=${file}`, `--storage.path=${folder}/data`, '--cluster.listen-address='];
  const server = await startServer({ program: ALERTMANAGER.name, words });
  const held = async (isInhibited: boolean) => {
    const alerts = await server.ask<Held[]>('/api/v2/alerts');
    const wanted = alerts.filter(({ status }) => status.inhibitedBy.length > 0 === isInhibited);
    return [...new Set(wanted.map(({ labels }) => alertName(labels)))].toSorted();
  };
  return {
    address: server.address,
    active: () => held(false),
    inhibited: () => held(true),
    routed: async () =>
      Object.fromEntries(
        (await server.ask<Held[]>('/api/v2/alerts')).map(({ labels, receivers }) => [
          alertName(labels),
          receivers.map(({ name }) => name),
        ]),
      ),
    chatted: () => receiver.titles,
  };
}

interface Chat {
  readonly attachments?: readonly { readonly title?: string }[];
}

/** Takes the place of the chat and of the platform that pages. */
async function startReceiver(): Promise<{ readonly url: string; readonly titles: readonly string[] }> {
  const titles: string[] = [];
  const server = createServer((request, response) => {
    void readJson(request).then((body) => {
      if (request.url === '/chat') titles.push(...(body.attachments ?? []).map(({ title = '' }) => title));
      response.writeHead(request.url === '/chat' ? 200 : 202).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, titles };
}

async function readJson(request: IncomingMessage): Promise<Chat> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Chat;
}
