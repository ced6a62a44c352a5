import { createRemoteWriter, type RemoteWriter, type TimeSeries, toBatches } from '../../http/remote-write.ts';
import { messageOf } from '../../model/error-message.ts';
import type { CommandContext } from '../command.ts';
import { readTextFile } from '../configuration.ts';
import { orUsageError, UsageError } from '../flags.ts';
import type { ReplayedFamily } from './gauge-replay.ts';
import {
  type DaySamples,
  ensureDiskSpace,
  findOtherFiles,
  prepareFolder,
  type WrittenFile,
  writeDay,
} from './openmetrics-files.ts';
import type { BackfillFlags } from './options.ts';
import { type BackfillSummary, renderFilesSummary, renderRemoteWriteSummary } from './summary.ts';

/** Where the samples go. */
export interface BackfillOutput {
  /** Days come in order. */
  write(day: DaySamples): Promise<void>;
  /** Throws when there is no space for so many bytes of OpenMetrics text. */
  ensureSpace(bytes: number): void;
  renderSummary(summary: BackfillSummary): string;
  close(): Promise<void>;
}

/** Throws UsageError unless the flags name one output, and an Error when the folder cannot be written to. */
export function openOutput(flags: BackfillFlags, context: CommandContext): BackfillOutput {
  const { outputDirectory: folder, remoteWriteUrl: url } = flags;
  if (folder !== undefined && url === undefined) {
    const { bearerTokenFile, username, passwordFile, headerFile, tenant } = flags;
    const needUrl = [bearerTokenFile, username, passwordFile, headerFile, tenant];
    if (needUrl.some((one) => one !== undefined)) {
      throw new UsageError(undefined, 'flags --remote-write.… require --remote-write <url>');
    }
    if (folder === '') throw new UsageError('--output-directory', 'expected a directory');
    return openFolder(folder, (note) => context.stderr.write(note));
  }
  if (url !== undefined && folder === undefined) return openRemoteWrite(url, flags, context);
  throw new UsageError(undefined, 'expected either --output-directory <directory> or --remote-write <url>');
}

/** One file for each day that has samples. */
function openFolder(folder: string, warn: (note: string) => void): BackfillOutput {
  const written: WrittenFile[] = [];
  const removeIfEmpty = prepareFolder(folder);
  return {
    write: async (day) => {
      if (day.families.length > 0) written.push(writeDay(folder, day));
    },
    ensureSpace: (bytes) => ensureDiskSpace(folder, bytes),
    renderSummary: (summary) => {
      for (const path of findOtherFiles(folder, written)) {
        warn(`warning: ${path} is not from this run and would be loaded too\n`);
      }
      return renderFilesSummary(summary, folder, written);
    },
    close: async () => removeIfEmpty(),
  };
}

/** How receivers refuse samples that are older than they accept. */
const TOO_OLD = /out[ -]of[ -]order|out of bounds|too old/i;
const TOO_OLD_HINT =
  'Prometheus accepts old samples only with storage.tsdb.out_of_order_time_window in its configuration, ' +
  'Mimir with the limit out_of_order_time_window; set it to more than the age of the first sample';

/** One request after the other, so that each series stays in order. */
function openRemoteWrite(url: string, flags: BackfillFlags, { clock, env }: CommandContext): BackfillOutput {
  const { headers, secrets } = readCredentials(flags);
  const writer: RemoteWriter = orUsageError('--remote-write', () =>
    createRemoteWriter({ url, headers, secrets, clock, env }),
  );
  const { origin, pathname } = new URL(url);
  const { signal } = new AbortController();
  let accepted = 0;
  return {
    write: async ({ families, timesMs }) => {
      for (const batch of toBatches(toRemoteWrite(families, timesMs))) {
        try {
          await writer.write(batch, signal);
        } catch (error) {
          const hint = TOO_OLD.test(messageOf(error)) ? `; ${TOO_OLD_HINT}` : '';
          const state = `${accepted} samples were accepted before; it is safe to send them again`;
          throw new Error(`--remote-write: ${messageOf(error)}${hint}; ${state}`, { cause: error });
        }
        accepted += batch.reduce((sum, { samples }) => sum + samples.length, 0);
      }
    },
    ensureSpace: () => undefined,
    renderSummary: (summary) => renderRemoteWriteSummary(summary, origin + pathname),
    close: () => writer.close(),
  };
}

/** One series after the other, each in order of time. */
function* toRemoteWrite(families: readonly ReplayedFamily[], timesMs: readonly number[]): Generator<TimeSeries> {
  for (const { family, series } of families) {
    for (const { labels, values } of series) {
      const samples = timesMs
        .map((timestampMs, index) => ({ timestampMs, value: values[index] ?? Number.NaN }))
        .filter(({ value }) => !Number.isNaN(value));
      yield { labels: [['__name__', family.name], ...labels], samples };
    }
  }
}

/** `secrets` is what no message may show. Throws UsageError when a file cannot be read, or when flags exclude each other. */
function readCredentials(flags: BackfillFlags) {
  const { bearerTokenFile, username, passwordFile, headerFile, tenant } = flags;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new UsageError(undefined, '--remote-write.username and --remote-write.password-file require each other');
  }
  if (bearerTokenFile !== undefined && username !== undefined) {
    throw new UsageError(
      undefined,
      '--remote-write.bearer-token-file and --remote-write.username exclude each other; use one of them',
    );
  }
  const own = headerFile === undefined ? [] : parseHeaders(readSecretFile('header-file', headerFile), headerFile);
  const token = bearerTokenFile === undefined ? undefined : readSecretFile('bearer-token-file', bearerTokenFile);
  const password = passwordFile === undefined ? undefined : readSecretFile('password-file', passwordFile);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const headers = {
    ...Object.fromEntries(own),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(password === undefined ? {} : { authorization: `Basic ${basic}` }),
    ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
  };
  const secrets = [...own.map(([, value]) => value), token, password].filter((one) => one !== undefined);
  return { headers, secrets };
}

function readSecretFile(flag: string, path: string): string {
  const text = orUsageError(`--remote-write.${flag}`, () => readTextFile(path)).trim();
  if (text !== '') return text;
  throw new UsageError(`--remote-write.${flag}`, `${path} is empty`);
}

/** The error names a line that is no header by its number only: it may hold a secret. */
function parseHeaders(text: string, path: string): (readonly [name: string, value: string])[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== '' && value !== '') return [[name.toLowerCase(), value] as const];
    const expected = 'expected a line such as X-Scope-OrgID: team';
    throw new UsageError('--remote-write.header-file', `${path}:${index + 1}: ${expected}`);
  });
}
