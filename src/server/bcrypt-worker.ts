import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

/** What the thread is asked; the answer bears the same id. */
export interface ComparisonRequest {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

export interface ComparisonResponse {
  readonly id: number;
  readonly isMatch: boolean;
}

/** On a machine with one CPU the thread that serves goes first, and this one still gets a share while the core is busy. */
const NICENESS = 5;

// Linux sets the priority of the calling thread; others set that of the whole process, which would gain nothing.
if (process.platform === 'linux') {
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it; passwords are compared all the same.
  }
}

parentPort?.on('message', ({ id, password, hash }: ComparisonRequest) => {
  const response: ComparisonResponse = { id, isMatch: compareSync(password, hash) };
  parentPort?.postMessage(response);
});
