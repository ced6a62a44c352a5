import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { unescape } from 'node:querystring';

/** How requests reach a platform. */
export interface Route {
  /** Used for every request; without it the environment decides. */
  readonly proxyUrl: string | undefined;
  /** PEM certificates that are trusted instead of the usual ones. */
  readonly caFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

const PROXY_NAMES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'] as const;
const DIRECT_NAMES = ['NO_PROXY', 'no_proxy'] as const;

/**
 * Agents that keep connections alive and go through the proxy (CONNECT for https), given or from HTTPS_PROXY, HTTP_PROXY
 * and NO_PROXY; fit for axios without its own `proxy`, and for the request handler of the AWS SDK.
 * Throws when the CA file or a proxy's address is of no use.
 */
export function agentsFor({ proxyUrl, caFile, env }: Route): Agents {
  const options = { keepAlive: true, proxyEnv: proxies(proxyUrl, env) };
  const ca = caFile === undefined ? {} : { ca: readCertificates(caFile) };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent({ ...options, ...ca }) };
}

/** Passwords in the addresses of proxies, as they are written and as they are meant. */
export function proxySecrets({ proxyUrl, env }: Omit<Route, 'caFile'>): string[] {
  const addresses = Object.values(proxies(proxyUrl, env)).filter((address) => URL.canParse(address));
  const passwords = addresses.map((address) => new URL(address).password).filter((password) => password !== '');
  return passwords.flatMap((password) => [password, unescape(password)]);
}

function proxies(proxyUrl: string | undefined, env: Route['env']): Record<string, string> {
  if (proxyUrl !== undefined) {
    const address = proxyAddress('proxy_url', proxyUrl);
    return { HTTP_PROXY: address, HTTPS_PROXY: address };
  }
  const set = (name: string) => (env[name] ?? '') !== '';
  const given = PROXY_NAMES.filter(set).map((name) => [name, proxyAddress(name, env[name] ?? '')]);
  const direct = DIRECT_NAMES.filter(set).map((name) => [name, env[name] ?? '']);
  return Object.fromEntries([...given, ...direct]);
}

/** The value stays out of the message, as it may hold a password. */
function proxyAddress(name: string, value: string): string {
  const address = value.includes('://') ? value : `http://${value}`;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    throw new Error(`${name}: expected the address of a proxy that begins with http:// or https://`);
  }
  return address;
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
