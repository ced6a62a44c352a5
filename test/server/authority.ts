import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where `openssl` is missing these tests are skipped, but never on a build server: there they fail. */
export const isOpensslMissing = process.env.CI !== 'true' && !canRunOpenssl();

function canRunOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A certificate and its key as PEM, and the files that hold them. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of one test, in a folder of its own. */
export interface Authority extends Identity {
  readonly folder: string;
  /** Issues a certificate with these subject alternative names (`DNS:localhost`, `IP:127.0.0.1`). */
  issue(name: string, alternativeNames: readonly string[]): Identity;
  remove(): void;
}

export function foundAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-tls-'));
  const root = makeCertificate(folder, 'authority', { extensions: ['basicConstraints = critical, CA:TRUE'], args: [] });
  return {
    ...root,
    folder,
    issue: (name, alternativeNames) =>
      makeCertificate(folder, name, {
        extensions: [
          'basicConstraints = CA:FALSE',
          'subjectAltName = @names',
          '[names]',
          ...numbered(alternativeNames),
        ],
        args: ['-CA', root.certFile, '-CAkey', root.keyFile],
      }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** `DNS:localhost` as `DNS.0 = localhost`: in a section of their own values may hold commas. */
function numbered(alternativeNames: readonly string[]): string[] {
  return alternativeNames.map((name, index) => name.replace(':', `.${index} = `));
}

interface Wanted {
  /** Lines of OpenSSL's configuration. */
  readonly extensions: readonly string[];
  readonly args: readonly string[];
}

function makeCertificate(folder: string, name: string, { extensions, args }: Wanted): Identity {
  const [certFile, keyFile, configFile] = ['crt', 'key', 'cnf'].map((kind) => join(folder, `${name}.${kind}`));
  if (certFile === undefined || keyFile === undefined || configFile === undefined) throw new Error('three names');
  const request = ['[req]', 'distinguished_name = subject', 'x509_extensions = extensions', '[subject]'];
  writeFileSync(configFile, [...request, '[extensions]', ...extensions, ''].join('\n'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const certificate = ['-x509', '-days', '2', '-subj', `/CN=${name}`, '-config', configFile, '-out', certFile];
  execFileSync('openssl', ['req', ...certificate, ...key, ...args], { stdio: 'pipe' });
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
}
