import { z } from 'zod';

/** What every row is told. */
export const RowInput = z.object({
  /** A temporary folder that all rows of a run share; stores of the same size are written once. */
  folder: z.string(),
  /** Ten minutes of scraping become one; the kept table is made without. */
  quick: z.boolean(),
  /** One instant for the whole run: stores end here. */
  nowMs: z.number(),
});
export type RowInput = z.output<typeof RowInput>;

/** One line of the table. */
export const Line = z.object({
  what: z.string(),
  measured: z.string(),
  mustReach: z.string(),
  /** Absent for lines that only tell. */
  isReached: z.boolean().optional(),
  /** The numbers that it was made from. */
  raw: z.string(),
});
export type Line = z.output<typeof Line>;

/** Measures one row or several that belong together. */
export type Row = (input: RowInput) => Promise<readonly Line[]>;

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** `12.3 ms`, `4.56 s` */
export function inTime(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

export function inShare(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.1 ? 2 : 1)} %`;
}

/** How long it takes, in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

/** Leaves no garbage of what came before to what is measured next. */
export function collectGarbage(): void {
  globalThis.gc?.();
}
