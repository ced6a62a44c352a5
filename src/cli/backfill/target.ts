import { createRemoteWriter, type RemoteWriter, type RemoteWriterOptions } from '../../http/remote-write.ts';
import { messageOf } from '../../model/error-message.ts';
import { type Surroundings, WrongUse } from '../command.ts';
import { readCredentials } from './credentials.ts';
import { checkRoom, othersIn, prepareFolder, type Written } from './files.ts';
import type { Request } from './request.ts';
import { createFileSink, createPushSink, type Sink } from './sinks.ts';
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
