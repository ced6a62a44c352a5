import { z } from 'zod';

const span = z.object({ fromMs: z.number(), toMs: z.number() });
const shared = {
  source: z.enum(['alerts', 'incidents']),
  /** Names of the tags that stored records were read with. */
  tags: z.array(z.string()),
  historyStartMs: z.number(),
  /** Newest `updatedAt` (alerts) or `createdAt` (incidents) seen. */
  newestMs: z.number().optional(),
};

/** A first sync under way: what is left to be read of the history, then of the open ones. */
const FirstSync = z.object({
  phase: z.enum(['history', 'open']),
  ...shared,
  /** When the first sync began, over a crash. */
  askedUntilMs: z.number(),
  /** An offset, which earlier versions wrote, is passed over: the span that it was within is read anew. */
  spans: z.array(span),
});
/** Everything is read: later polls go on from `newestMs`. */
const Synced = z.object({
  phase: z.literal('synced'),
  ...shared,
  newestMs: z.number(),
  /** Where the turns of what is asked for by id stand. */
  missingId: z.string().optional(),
  retriedId: z.string().optional(),
});
const Cursor = z.discriminatedUnion('phase', [FirstSync, Synced]);

export type FirstSync = z.output<typeof FirstSync>;
export type Synced = z.output<typeof Synced>;
export type Cursor = z.output<typeof Cursor>;

/** The cursor as text; `decodeCursor` reads it. */
export function encodeCursor(cursor: Cursor): string {
  return JSON.stringify(cursor);
}

/** What `encodeCursor` wrote; throws on anything else. */
export function decodeCursor(text: string): Cursor {
  const result = Cursor.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new Error('the stored cursor of this Opsgenie provider is unreadable: expected one that this version wrote');
}
