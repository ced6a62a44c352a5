import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { messageOf } from '../model/error-message.ts';

/** The newest last. */
const cleanups = new Set<() => void>();

/**
 * Calls `cleanup` when the process ends, whatever ends it but SIGKILL; main.ts turns other signals into exits. The newest
 * goes first. The returned function unregisters it.
 */
export function onProcessExit(cleanup: () => void): () => void {
  // Its own function: the same cleanup may be registered twice.
  const entry = () => cleanup();
  if (cleanups.size === 0) process.on('exit', cleanUp);
  cleanups.add(entry);
  return () => {
    cleanups.delete(entry);
    if (cleanups.size === 0) process.off('exit', cleanUp);
  };
}

function cleanUp(): void {
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch {
      // What cannot be removed may not keep the rest, nor change the exit code; nobody could act on a message by then.
    }
  }
}

/** A new temporary folder; `remove` or the end of the process deletes it with all in it. */
export function createTemporaryFolder(prefix: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), prefix));
  // Retried: another thread may be writing to it until it is ended.
  const clear = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const unregister = onProcessExit(clear);
  return {
    path,
    remove: () => {
      clear();
      unregister();
    },
  };
}

/**
 * Keeps a failing output from ending the program with a stack trace. A reader that closed the pipe, as `| head` does, is
 * no error; any other error of standard output is one line and a call of `onFailure`.
 */
export function handleBrokenPipe(
  { stdout, stderr }: { readonly stdout: Writable; readonly stderr: Writable },
  onFailure: () => void,
): void {
  // There is nowhere left to report an error of standard error.
  stderr.on('error', () => undefined);
  stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') return;
    stderr.write(`mttr-exporter: cannot write to standard output: ${messageOf(error)}\n`);
    onFailure();
  });
}
