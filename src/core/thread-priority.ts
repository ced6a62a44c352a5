import { platform, setPriority } from 'node:os';

/** Enough that the serving thread is scheduled first, little enough that this thread still runs beside other processes. */
const NICENESS = 5;

/** Lowers the priority of the calling thread below the one that serves scrapes. On Linux a niceness belongs to a thread; elsewhere to the process, which keeps its own. */
export function yieldToServing(): void {
  if (platform() !== 'linux') return;
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it; the thread then shares the processor as the system sees fit.
  }
}
