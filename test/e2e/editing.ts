import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Changes what a platform answers to GET `path`. */
export type Edit = (path: string, body: Record<string, unknown>) => Record<string, unknown>;

/** A platform whose answers are edited on their way; replace `edit` to end that. */
export interface Edited {
  readonly url: string;
  edit: Edit;
}

/** Stands before a fake on loopback until the test ends. */
export async function editAnswers(target: string, edit: Edit): Promise<Edited> {
  const edited = { url: '', edit };
  const server = createServer((request, response) => {
    void answer(target, request, edited.edit).then(({ status, text }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  edited.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return edited;
}

async function answer(target: string, request: IncomingMessage, edit: Edit): Promise<{ status: number; text: string }> {
  const url = new URL(request.url ?? '/', target);
  const real = await fetch(url, { headers: { authorization: request.headers.authorization ?? '' } });
  const body = (await real.json()) as Record<string, unknown>;
  return { status: real.status, text: JSON.stringify(real.ok ? edit(url.pathname, body) : body) };
}
