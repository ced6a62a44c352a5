import { platform, setPriority } from 'node:os';

/** How much a working thread gives way: enough that the serving thread is woken at once, little enough that work goes on beside other processes. */
const NICENESS = 5;

/** Lets the calling thread give way to the one that serves scrapes. On Linux a niceness belongs to a thread; elsewhere to the process, which keeps its own. */
export function yieldToServing(): void {
  if (platform() !== 'linux') return;
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it; the thread then shares the processor as the system sees fit.
  }
}
