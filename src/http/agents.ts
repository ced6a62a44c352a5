import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { unescape } from 'node:querystring';

/** How connections to a platform are made. */
export interface ConnectionOptions {
  /** Used for every request; without it the environment decides. */
  readonly proxyUrl: string | undefined;
  /** PEM certificates that are trusted instead of Node's own list. */
  readonly caFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

const PROXY_NAMES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'] as const;
const NO_PROXY_NAMES = ['NO_PROXY', 'no_proxy'] as const;

/**
 * Agents that keep connections alive and go through the proxy (CONNECT for https) of `proxyUrl`, or else of HTTPS_PROXY,
 * HTTP_PROXY and NO_PROXY; for axios without its own `proxy`, and for the request handler of the AWS SDK.
 * Throws when the CA file or a proxy URL is invalid.
 */
export function createAgents({ proxyUrl, caFile, env }: ConnectionOptions): Agents {
  const options = { keepAlive: true, proxyEnv: proxyEnvironment(proxyUrl, env) };
  const ca = caFile === undefined ? {} : { ca: readCertificates(caFile) };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent({ ...options, ...ca }) };
}

/** Passwords in the URLs of proxies, as written and URL-decoded. */
export function proxySecrets({ proxyUrl, env }: Omit<ConnectionOptions, 'caFile'>): string[] {
  const urls = Object.values(proxyEnvironment(proxyUrl, env)).filter((url) => URL.canParse(url));
  const passwords = urls.map((url) => new URL(url).password).filter((password) => password !== '');
  return passwords.flatMap((password) => [password, unescape(password)]);
}

/** The variables that Node's agents read (`proxyEnv`). */
function proxyEnvironment(proxyUrl: string | undefined, env: ConnectionOptions['env']): Record<string, string> {
  if (proxyUrl !== undefined) {
    const url = checkProxyUrl('proxy_url', proxyUrl);
    return { HTTP_PROXY: url, HTTPS_PROXY: url };
  }
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const proxies = PROXY_NAMES.filter(isSet).map((name) => [name, checkProxyUrl(name, env[name] ?? '')]);
  const exceptions = NO_PROXY_NAMES.filter(isSet).map((name) => [name, env[name] ?? '']);
  return Object.fromEntries([...proxies, ...exceptions]);
}

/** Adds http:// where no scheme is given; the message leaves the value out, as it may contain a password. */
function checkProxyUrl(name: string, value: string): string {
  const url = value.includes('://') ? value : `http://${value}`;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Error(`${name}: expected a proxy URL that begins with http:// or https://`);
  }
  return url;
}

function readCertificates(caFile: string): string[] {
  const blocks = readText(caFile).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || !blocks.every(isCertificate)) {
    throw new Error(`tls.ca_file: expected certificates in PEM format in ${caFile}`);
  }
  return blocks;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`tls.ca_file: cannot be read: ${error instanceof Error ? error.message : file}`, { cause: error });
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
