import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, DEFAULT_CIPHERS, type TLSSocket, type TlsOptions } from 'node:tls';
import { ConfigError } from '../config/diagnostics.ts';
import type { PemSource, TlsConfig } from './tls-config.ts';

/** Reads a file as text. */
export type ReadFile = (file: string) => Promise<string>;

/**
 * Reads the certificates and turns the configuration into options of a TLS server. Throws ConfigError when a file
 * cannot be read or OpenSSL refuses the whole; the message holds no content of a file.
 */
export async function loadTlsOptions(tls: TlsConfig, readFile: ReadFile): Promise<TlsOptions> {
  const options: TlsOptions = {
    cert: await readPem('cert', tls.cert, readFile),
    key: await readPem('key', tls.key, readFile),
    ...(tls.clientCa && { ca: await readPem('client_ca', tls.clientCa, readFile) }),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    honorCipherOrder: tls.preferServerCipherSuites,
    ...cipherOptions(tls),
    ...(tls.curves.length > 0 && { ecdhCurve: tls.curves.join(':') }),
    requestCert: tls.clientPolicy !== 'NoClientCert',
    rejectUnauthorized: tls.clientPolicy === 'RequireAndVerifyClientCert',
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new ConfigError([`tls_server_config: OpenSSL refuses it: ${messageOf(error)}`]);
  }
  return options;
}

/** Why this client's certificate, or the lack of one, ends the connection; undefined when it may stay. */
export function whyRefused(socket: TLSSocket, tls: TlsConfig): string | undefined {
  if (tls.clientPolicy === 'NoClientCert' || tls.clientPolicy === 'RequestClientCert') return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return tls.clientPolicy === 'VerifyClientCertIfGiven' ? undefined : 'the client showed no certificate';
  }
  if (tls.clientPolicy !== 'RequireAnyClientCert' && !socket.authorized) return 'the certificate could not be verified';
  if (tls.clientNames === undefined || tls.clientNames.some((name) => carriesName(certificate, name))) return undefined;
  return 'none of its subject alternative names is in client_allowed_sans';
}

async function readPem(key: string, source: PemSource, readFile: ReadFile): Promise<string> {
  if ('text' in source) return source.text;
  try {
    return await readFile(source.file);
  } catch (error) {
    throw new ConfigError([`tls_server_config.${key}_file: cannot read the file: ${messageOf(error)}`]);
  }
}

function cipherOptions({ cipherSuites, minVersion }: TlsConfig): TlsOptions {
  // OpenSSL allows TLS 1.0 and 1.1 at security level 0 only.
  const level = minVersion === 'TLSv1' || minVersion === 'TLSv1.1' ? '@SECLEVEL=0' : '';
  if (cipherSuites === undefined && level === '') return {};
  return { ciphers: `${(cipherSuites ?? [DEFAULT_CIPHERS]).join(':')}${level}` };
}

/** Exactly the name as DNS, e-mail or URI entry (no wildcards), or the same IP address however it is written. */
function carriesName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0 && certificate.checkIP(name) !== undefined) return true;
  return alternativeNames(certificate.subjectAltName ?? '').includes(name);
}

/** Node puts a value with a comma, a quote or the like in it into JSON quotes, so an entry cannot pretend to be two. */
function alternativeNames(text: string): string[] {
  const entries = text.matchAll(/(?:^|, )(DNS|email|URI):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g);
  return [...entries].map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
