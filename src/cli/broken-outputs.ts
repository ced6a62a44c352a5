import type { Writable } from 'node:stream';
import { messageOf } from '../model/error-message.ts';

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
