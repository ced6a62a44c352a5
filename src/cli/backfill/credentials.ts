import { messageOf } from '../../model/error-message.ts';
import { WrongUse } from '../command.ts';
import { readText } from '../configuration.ts';

/** Who we are to a receiver of remote write, as the flags say. */
export interface CredentialFlags {
  readonly bearerTokenFile: string | undefined;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  /** Lines of `Name: value`. */
  readonly headerFile: string | undefined;
  readonly tenant: string | undefined;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

/** Reads the files; throws WrongUse when one cannot be read, or when flags do not go together. */
export function readCredentials(flags: CredentialFlags): Credentials {
  const { bearerTokenFile, username, passwordFile, headerFile, tenant } = flags;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new WrongUse('--remote-write.username and --remote-write.password-file go together; one is missing');
  }
  if (bearerTokenFile !== undefined && username !== undefined) {
    throw new WrongUse('--remote-write.bearer-token-file and --remote-write.username exclude each other');
  }
  const own = headerFile === undefined ? [] : headersIn(secretFile('header-file', headerFile), headerFile);
  const token = bearerTokenFile === undefined ? undefined : secretFile('bearer-token-file', bearerTokenFile);
  const password = passwordFile === undefined ? undefined : secretFile('password-file', passwordFile);
  const headers = {
    ...Object.fromEntries(own),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(password === undefined ? {} : { authorization: `Basic ${base64(`${username}:${password}`)}` }),
    ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
  };
  const secrets = [...own.map(([, value]) => value), token, password].filter((one) => one !== undefined);
  return { headers, secrets };
}

function secretFile(flag: string, path: string): string {
  try {
    const text = readText(path).trim();
    if (text !== '') return text;
  } catch (error) {
    throw new WrongUse(`--remote-write.${flag}: ${messageOf(error)}`, { cause: error });
  }
  throw new WrongUse(`--remote-write.${flag}: ${path} is empty`);
}

/** A line that is no header is told by its number: it may hold a secret. */
function headersIn(text: string, path: string): (readonly [name: string, value: string])[] {
  return text.split('\n').flatMap((line, place) => {
    if (line.trim() === '') return [];
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== '' && value !== '') return [[name.toLowerCase(), value] as const];
    throw new WrongUse(`--remote-write.header-file: ${path}:${place + 1}: expected a line such as X-Scope-OrgID: team`);
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
