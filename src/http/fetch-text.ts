import { type ConnectionOptions, createAgents } from './agents.ts';
import { sendRequest } from './transport.ts';

/** The text at a URL that is not part of a platform's API: one GET without credentials. Throws for any status but 200. */
export async function fetchText(
  url: URL,
  { timeoutMs, ...connection }: ConnectionOptions & { readonly timeoutMs: number },
): Promise<string> {
  const agents = createAgents(connection);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { status, text } = await sendRequest({ url, headers: { accept: '*/*' }, agents, signal });
    if (status !== 200) throw new Error(`GET ${url.host}${url.pathname} answered ${status}`);
    return text;
  } finally {
    agents.httpAgent.destroy();
    agents.httpsAgent.destroy();
  }
}
