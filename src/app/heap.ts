import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 to prefer little memory to few collections, in all threads that start later, too. Left alone, its space for new
 * objects grows to three times 16 MB in the first second of a sync and is never given back, and what a sync leaves behind
 * stays until the heap has doubled: measured after a first sync of 10,000 incidents this saves 100 of 290 MB.
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}
