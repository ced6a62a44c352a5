import { z } from 'zod';

const ranges = z.array(z.tuple([z.number(), z.number()]).transform(([fromMs, toMs]) => ({ fromMs, toMs })));

const common = {
  historyStartMs: z.number(),
  /** Newest change seen; of lists by creation, the newest creation. */
  newestMs: z.number().optional(),
  /** What the stored records were read with besides labels. */
  readWith: z.array(z.string()),
};

const FirstSync = z.object({
  phase: z.enum(['history', 'open']),
  ...common,
  /** When the first sync began, over a crash. */
  polledUntilMs: z.number(),
  /** What is left of the history. */
  ranges,
});

const Polling = z.object({
  phase: z.literal('polling'),
  ...common,
  newestMs: z.number(),
  /** Up to here the records were read from another platform, perhaps under other ids. */
  adoptedMs: z.number().optional(),
  /** Where the rotation of requests by id stands. */
  missingId: z.string().optional(),
  retriedId: z.string().optional(),
});

const Cursor = z.discriminatedUnion('phase', [FirstSync, Polling]);

export type FirstSyncCursor = z.output<typeof FirstSync>;
export type PollingCursor = z.output<typeof Polling>;
export type Cursor = z.output<typeof Cursor>;

/** What another platform's cursor says, for the same records. */
export interface AdoptedCursor {
  readonly historyStartMs: number;
  readonly newestMs: number;
}

/** How a platform's cursors are stored, where its first versions stored them in a form of their own. */
export interface CursorFormat {
  /** Undefined for a cursor of other records, after which everything begins anew; throws on what is none. */
  read(value: unknown): Cursor | undefined;
  write(cursor: Cursor): unknown;
}

/** The cursor as text for the store; `decodeCursor` reads it. */
export function encodeCursor(cursor: Cursor, format?: CursorFormat): string {
  if (format !== undefined) return JSON.stringify(format.write(cursor));
  if (cursor.phase === 'polling') return JSON.stringify(cursor);
  return JSON.stringify({ ...cursor, ranges: cursor.ranges.map(({ fromMs, toMs }) => [fromMs, toMs]) });
}

/** What `encodeCursor` wrote, or what `adopt` makes of another platform's cursor; throws on anything else. */
export function decodeCursor(
  text: string,
  readWith: readonly string[],
  adopt: (cursor: unknown) => AdoptedCursor | undefined,
): Cursor {
  const value = parseCursor(text);
  const result = Cursor.safeParse(value);
  if (result.success) return result.data;
  const adopted = adopt(value);
  if (adopted !== undefined) {
    const { historyStartMs, newestMs } = adopted;
    return { phase: 'polling', historyStartMs, newestMs, adoptedMs: newestMs, readWith: [...readWith] };
  }
  throw new Error('the stored position is of another type of provider: give this provider a name of its own');
}

/** The JSON of a stored cursor; undefined where it is none. */
export function parseCursor(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
