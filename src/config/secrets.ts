import type { Findings } from './findings.ts';
import type { Path } from './problems.ts';

/** Returns a file's text; throws when it cannot be read. */
export type ReadFile = (path: string) => string;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
};

/** One secret in both its forms, and where its file form stands. */
export interface SecretForms {
  readonly name: string;
  readonly value: unknown;
  readonly file: unknown;
  /** Path of the `_file` key. */
  readonly path: Path;
}

/** The text in the file of a secret without its last newline; undefined when no file is named or it was refused, which `findings` tell. */
export function readSecret(forms: SecretForms, readFile: ReadFile, findings: Findings): string | undefined {
  const { name, value, file, path } = forms;
  if (typeof file !== 'string') return undefined;
  if (value !== undefined && value !== '') {
    findings.say(path, `stands beside ${name}; expected only one of the two`);
    return undefined;
  }
  try {
    const secret = readFile(file).replace(/[\r\n]+$/, '');
    if (secret !== '') return secret;
    findings.refuse(path, 'is an empty file; expected one that holds the secret');
  } catch (error) {
    findings.refuse(path, `cannot be read (${reasonOf(error)}); expected a file that holds the secret`);
  }
  return undefined;
}

/** By the system's code only: a message may hold anything. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return REASONS[code] ?? code;
}
