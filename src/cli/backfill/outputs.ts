import {
  createRemoteWriter,
  type RemoteWriter,
  type RemoteWriterOptions,
  type TimeSeries,
  toBatches,
} from '../../http/remote-write.ts';
import { messageOf } from '../../model/error-message.ts';
import { type Surroundings, WrongUse } from '../command.ts';
import { readText } from '../configuration.ts';
import type { PastFamily } from './gauge-replay.ts';
import { checkRoom, othersIn, prepareFolder, type Written, writeDay } from './openmetrics-files.ts';
import type { CredentialFlags, Request } from './options.ts';
import { filesText, pushedText, type Summary } from './summary.ts';

/** Where the samples go, ready for them. */
export interface OpenTarget {
  readonly sink: Sink;
  /** Throws when so many bytes of text have no room there. */
  checkRoom(bytes: number): void;
  /** What people are told at the end. */
  text(summary: Summary): string;
  close(): Promise<void>;
}

/** Throws WrongUse for flags of no use, and an Error when nothing can be written to the folder. */
export function openTarget({ target, credentials }: Request, { clock, env, errors }: Surroundings): OpenTarget {
  if ('folder' in target) return openFolder(target.folder, (note) => errors.write(note));
  const { headers, secrets } = readCredentials(credentials);
  const writer = openWriter({ url: target.url, headers, secrets, clock, env });
  const { origin, pathname } = new URL(target.url);
  return {
    sink: createPushSink(writer),
    checkRoom: () => undefined,
    text: (summary) => pushedText(summary, origin + pathname),
    close: () => writer.close(),
  };
}

function openFolder(folder: string, say: (note: string) => void): OpenTarget {
  const written: Written[] = [];
  const removeIfEmpty = prepareFolder(folder);
  return {
    sink: createFileSink(folder, written),
    checkRoom: (bytes) => checkRoom(folder, bytes),
    text: (summary) => {
      for (const path of othersIn(folder, written)) say(`note: ${path} is not of this run, and would be loaded too\n`);
      return filesText(summary, { folder, written });
    },
    close: async () => removeIfEmpty(),
  };
}

function openWriter(options: RemoteWriterOptions): RemoteWriter {
  try {
    return createRemoteWriter(options);
  } catch (error) {
    throw new WrongUse(`--remote-write: ${messageOf(error)}`, { cause: error });
  }
}

/** What one day has to tell. */
export interface Day {
  readonly families: readonly PastFamily[];
  /** Ascending. */
  readonly instantsMs: readonly number[];
}

/** Takes the samples of one day; days come in order. */
export type Sink = (day: Day) => Promise<void>;

/** One file for each day that has samples. */
export function createFileSink(folder: string, written: Written[]): Sink {
  return async (day) => {
    if (day.families.length > 0) written.push(writeDay(folder, day));
  };
}

/** What receivers say of samples that are older than what they take. */
const TOO_OLD = /out[ -]of[ -]order|out of bounds|too old/i;
const TOO_OLD_HINT =
  'Prometheus takes samples of the past only with storage.tsdb.out_of_order_time_window in its configuration, ' +
  'Mimir with its limit out_of_order_time_window; set it to more than the age of the first sample';

/** A receiver of remote write: one request after the other, so that each series stays in order. */
export function createPushSink(writer: RemoteWriter): Sink {
  let taken = 0;
  const { signal } = new AbortController();
  return async ({ families, instantsMs }) => {
    for (const batch of toBatches(writtenSeries(families, instantsMs))) {
      try {
        await writer.write(batch, signal);
      } catch (error) {
        const hint = TOO_OLD.test(messageOf(error)) ? `; ${TOO_OLD_HINT}` : '';
        const before = `${taken} samples were taken before; to send them again does no harm`;
        throw new Error(`--remote-write: ${messageOf(error)}${hint}; ${before}`, { cause: error });
      }
      taken += batch.reduce((sum, { samples }) => sum + samples.length, 0);
    }
  };
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

/** Families as remote write has them: one series after the other, each in order of time. */
export function* writtenSeries(families: readonly PastFamily[], instantsMs: readonly number[]): Generator<TimeSeries> {
  for (const { family, series } of families) {
    for (const { labels, values } of series) {
      const samples = instantsMs
        .map((timestampMs, index) => ({ timestampMs, value: values[index] ?? Number.NaN }))
        .filter(({ value }) => !Number.isNaN(value));
      yield { labels: [['__name__', family.name], ...labels], samples };
    }
  }
}
