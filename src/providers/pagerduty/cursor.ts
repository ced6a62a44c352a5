import { z } from 'zod';

/** A half-open stretch of time, as [from, to] in milliseconds. */
const spans = z.array(z.tuple([z.number(), z.number()]).transform(([fromMs, toMs]) => ({ fromMs, toMs })));

/** What stored incidents were read with besides the platform's own values; absent for nothing. */
const readWith = { readWith: z.array(z.string()).optional() };

const firstSync = {
  /** When the first sync began: it asks for nothing later, however often it is taken up again. */
  askedUntilMs: z.number(),
  historyStartMs: z.number(),
  /** The newest log entry that was seen. */
  newestMs: z.number().optional(),
  catalogueAtMs: z.number(),
  ...readWith,
};

const Cursor = z.discriminatedUnion('phase', [
  // An offset, which earlier versions wrote, is passed over: the span that it was within is read anew.
  z.object({ phase: z.enum(['incidents', 'log']), ...firstSync, spansLeft: spans }),
  z.strictObject({ phase: z.literal('open'), ...firstSync }),
  z.strictObject({
    phase: z.literal('polling'),
    historyStartMs: z.number(),
    /** The newest change that was seen; the next poll asks from an overlap before it. */
    changesUntilMs: z.number(),
    catalogueAtMs: z.number(),
    ...readWith,
    /** Where the turns of what is asked for by id stand. */
    missingId: z.string().optional(),
    retriedId: z.string().optional(),
  }),
]);

/** Where a provider goes on: within its first sync, or polling for changes. */
export type Cursor = z.output<typeof Cursor>;
export type FirstSyncCursor = Exclude<Cursor, { phase: 'polling' }>;
export type PollingCursor = Extract<Cursor, { phase: 'polling' }>;

/** Whether everything stored was read with what is wanted now. */
export function isReadWith(cursor: Cursor, wanted: readonly string[]): boolean {
  return (cursor.readWith ?? []).join('\n') === wanted.join('\n');
}

/** The part of a cursor that says what was wanted. */
export function readWithOf({ readWith: wanted }: { readonly readWith: readonly string[] }): { readWith?: string[] } {
  return wanted.length === 0 ? {} : { readWith: [...wanted] };
}

/** The cursor as text for the store. */
export function writeCursor(cursor: Cursor): string {
  if (!('spansLeft' in cursor)) return JSON.stringify(cursor);
  return JSON.stringify({ ...cursor, spansLeft: cursor.spansLeft.map(({ fromMs, toMs }) => [fromMs, toMs]) });
}

/** Reads what `writeCursor` wrote; throws on anything else. */
export function readCursor(text: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(text));
  } catch (error) {
    throw new Error('the stored cursor is not one that this provider wrote', { cause: error });
  }
}
