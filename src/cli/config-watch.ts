import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, SECOND_MS } from '../model/time.ts';

/** Two checks in a row must agree before a change is loaded: a file may just be being written. */
const CHECK_EVERY_MS = 2 * SECOND_MS;

/** Reads files and remembers what was in them. */
export interface FileRecorder {
  /** The text of a file; throws when it cannot be read, which is remembered as well. */
  read(path: string): string;
  /** Remembers a file that something else reads. */
  add(path: string): void;
  /** Digests by path, as they were last read. */
  digests(): ReadonlyMap<string, string>;
  /** These digests are known from now on. */
  acknowledge(digests: ReadonlyMap<string, string>): void;
}

export function createFileRecorder(): FileRecorder {
  const digests = new Map<string, string>();
  const read = (path: string): string => {
    try {
      const text = readFileSync(path, 'utf8');
      digests.set(path, digestOf(text));
      return text;
    } catch (error) {
      digests.set(path, UNREADABLE);
      throw error;
    }
  };
  return {
    read,
    add: (path) => {
      try {
        read(path);
      } catch {
        // Whoever needs it reports that it cannot be read.
      }
    },
    digests: () => digests,
    acknowledge: (seen) => {
      for (const [path, digest] of seen) digests.set(path, digest);
    },
  };
}

export interface ConfigWatchInput {
  readonly recorder: FileRecorder;
  readonly reload: () => Promise<unknown>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

/**
 * Reloads when the content of a file changes that the configuration was read from, until the signal fires. Files are read
 * again by their paths, so that links that are swapped (mounted ConfigMaps and Secrets) and network drives are noticed too.
 */
export async function watchConfig(input: ConfigWatchInput, signal: AbortSignal): Promise<void> {
  const check = createCheck(input);
  while (!signal.aborted) {
    await input.clock.sleep(CHECK_EVERY_MS, signal).catch(() => undefined);
    if (!signal.aborted) await check();
  }
}

function createCheck({ recorder, reload, log }: ConfigWatchInput): () => Promise<void> {
  let pending: string | undefined;
  return async () => {
    const current = await digestAll([...recorder.digests().keys()]);
    const changed = [...current].filter(([path, digest]) => recorder.digests().get(path) !== digest);
    const fingerprint = JSON.stringify(changed);
    if (changed.length === 0 || fingerprint !== pending) {
      pending = fingerprint;
      return;
    }
    pending = undefined;
    // A broken file is reported once, not at each check.
    recorder.acknowledge(current);
    log.info('configuration files changed', { files: changed.map(([path]) => path).join(', ') });
    await reload().catch((error: unknown) => log.error('reload failed', { error: messageOf(error) }));
  };
}

const UNREADABLE = 'unreadable';

async function digestAll(paths: readonly string[]): Promise<Map<string, string>> {
  const digests = paths.map(async (path) => {
    const digest = await readFile(path, 'utf8').then(digestOf, () => UNREADABLE);
    return [path, digest] as const;
  });
  return new Map(await Promise.all(digests));
}

function digestOf(text: string): string {
  return hash('sha256', text);
}
