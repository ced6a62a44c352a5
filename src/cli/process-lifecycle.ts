import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { messageOf } from '../model/error-message.ts';

/** The newest last. */
const undos = new Set<() => void>();

/**
 * Calls `undo` when the process ends, whatever ends it but SIGKILL; main.ts turns the other signals into exits. The newest
 * goes first. The function that is given back takes it from the list.
 */
export function onProcessExit(undo: () => void): () => void {
  // Its own function: the same undo may be given twice.
  const entry = () => undo();
  if (undos.size === 0) process.on('exit', undoAll);
  undos.add(entry);
  return () => {
    undos.delete(entry);
    if (undos.size === 0) process.off('exit', undoAll);
  };
}

function undoAll(): void {
  for (const undo of [...undos].reverse()) {
    try {
      undo();
    } catch {
      // What cannot be removed may not keep the rest, nor change the exit code; nobody could act on a message by then.
    }
  }
}

/** A new folder below the system's for temporary files; `remove` or the end of the process deletes it with all in it. */
export function createTemporaryFolder(prefix: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), prefix));
  // Tried again: another thread may be writing to it until it is ended.
  const clear = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = onProcessExit(clear);
  return {
    path,
    remove: () => {
      clear();
      forget();
    },
  };
}

/** The two outputs of a program. */
export interface Outputs {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Keeps an output that cannot be written from ending the program with a stack. A reader that has seen enough, as in `| head`,
 * changes nothing; any other error of standard output is said in one line and given to `onFailure`.
 */
export function bearBrokenOutputs({ stdout, stderr }: Outputs, onFailure: () => void): void {
  // Where even this cannot be said, nobody is left to hear it.
  stderr.on('error', () => undefined);
  stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') return;
    stderr.write(`mttr-exporter: cannot write to standard output: ${messageOf(error)}\n`);
    onFailure();
  });
}
