import { z } from 'zod';
import type { Diagnostics } from './diagnostics.ts';
import { isMapping, type Path, valueAt } from './object-path.ts';
import { isRequired } from './schema.ts';
import type { PlatformSettings, WebhookConfig } from './types.ts';

/** A provider whose secrets are read. */
interface SecretOwner {
  readonly path: Path;
  readonly platform: PlatformSettings;
  readonly keys: unknown;
}

interface Context {
  /** Returns a file's text; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  readonly diagnostics: Diagnostics;
}

/** A secret of the platform's own keys, from the configuration or from its file. */
export function resolveSecret(key: string, { keys, path, platform }: SecretOwner, context: Context): unknown {
  const { diagnostics } = context;
  const schema = platform.shape[key];
  const value = valueAt(keys, [key]);
  const file = valueAt(keys, [`${key}_file`]);
  if (file === undefined) {
    const isMissing = value === undefined && isRequired(schema);
    if (isMissing) {
      diagnostics.error({ path: [...path, key], message: 'is missing', expected: `${key} or ${key}_file` });
    }
    return isMapping(value) ? resolveMapping(value, [...path, key], context) : value;
  }
  const filePath = [...path, `${key}_file`];
  const secret = readSecretFile({ file, value, path: filePath }, key, context);
  if (secret === undefined || schema === undefined) return undefined;
  const parsed = z.safeParse(schema, secret);
  if (!parsed.success) {
    const expected = `a value that ${key} accepts`;
    diagnostics.invalidValue({ path: filePath, message: `contains an invalid ${key}`, expected });
  }
  return parsed.data;
}

/** A mapping of secrets: `NAME_file` names the file that holds NAME. */
function resolveMapping(mapping: object, path: Path, context: Context): Record<string, unknown> {
  const entries = Object.entries(mapping).filter(([, value]) => value !== undefined);
  const resolved = entries.map(([key, value]): [string, unknown] => {
    const name = key.replace(/_file$/, '');
    if (name === key) return [key, value];
    return [
      name,
      readSecretFile({ file: value, value: valueAt(mapping, [name]), path: [...path, key] }, name, context),
    ];
  });
  return Object.fromEntries(resolved);
}

/** The section `webhook`; undefined without it. A secret of several lines in a file is one per line. */
export function resolveWebhook({ keys, path, platform }: SecretOwner, context: Context): WebhookConfig | undefined {
  const section = valueAt(keys, ['webhook']);
  if (section === undefined || platform.webhook === undefined) return undefined;
  const { hasSecret, shape = {} } = platform.webhook;
  const settings = Object.fromEntries(Object.keys(shape).map((key) => [key, valueAt(section, [key])]));
  if (!hasSecret) return { secrets: [], settings };
  const value = valueAt(section, ['secret']);
  const file = { file: valueAt(section, ['secret_file']), value, path: [...path, 'webhook', 'secret_file'] };
  if (value === undefined && file.file === undefined) {
    const expected = 'secret or secret_file';
    context.diagnostics.error({ path: [...path, 'webhook', 'secret'], message: 'is missing', expected });
  }
  const fromFile = readSecretFile(file, 'secret', context)?.split(/[\r\n]+/);
  return { secrets: fromFile ?? [value].flat().filter((one) => typeof one === 'string'), settings };
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
};

/** By the system's code only: a message could contain anything. */
export function readErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return READ_ERRORS[code] ?? code;
}

/** A secret's file and the value of its key beside it; `path` is that of the `_file` key. */
interface SecretFile {
  readonly file: unknown;
  readonly value: unknown;
  readonly path: Path;
}

/** The secret in a file without its last newline; undefined when no file is named, and for an error. */
export function readSecretFile(
  { file, value, path }: SecretFile,
  key: string,
  { readFile, diagnostics }: Context,
): string | undefined {
  if (typeof file !== 'string') return undefined;
  if (value !== undefined && value !== '') {
    const message = `cannot be combined with ${key}`;
    diagnostics.error({ path, message, expected: 'only one of the two' });
    return undefined;
  }
  const expected = 'a file that contains the secret';
  try {
    const secret = readFile(file).replace(/[\r\n]+$/, '');
    if (secret !== '') return secret;
    diagnostics.invalidValue({ path, message: 'is an empty file', expected });
  } catch (error) {
    diagnostics.invalidValue({ path, message: `cannot be read: ${readErrorText(error)}`, expected });
  }
  return undefined;
}
