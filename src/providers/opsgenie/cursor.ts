import { z } from 'zod';
import type { Cursor, CursorFormat } from '../engine/cursor.ts';

const shared = {
  source: z.enum(['alerts', 'incidents']),
  /** What the stored records were read with: names of tags, then the lists of sources. */
  tags: z.array(z.string()),
  historyStartMs: z.number(),
  newestMs: z.number().optional(),
};

const StoredCursor = z.discriminatedUnion('phase', [
  z.object({
    phase: z.enum(['history', 'open']),
    ...shared,
    askedUntilMs: z.number(),
    // An offset, which earlier versions wrote, is passed over: the range that it was within is read anew.
    spans: z.array(z.object({ fromMs: z.number(), toMs: z.number() })),
  }),
  z.object({
    phase: z.literal('synced'),
    ...shared,
    newestMs: z.number(),
    missingId: z.string().optional(),
    retriedId: z.string().optional(),
  }),
]);

/** Cursors as all versions of this provider store them; one of the other source is of no use. */
export function cursorFormat(source: 'alerts' | 'incidents'): CursorFormat {
  return {
    read(value) {
      const result = StoredCursor.safeParse(value);
      if (!result.success) {
        throw new Error(
          'the stored cursor of this Opsgenie provider is unreadable: expected one that this version wrote',
        );
      }
      if (result.data.source !== source) return undefined;
      const { data } = result;
      const { tags: readWith, source: _source, ...rest } = data;
      if (rest.phase === 'synced') return { ...rest, phase: 'polling', readWith };
      const { askedUntilMs: polledUntilMs, spans: ranges, ...firstSync } = rest;
      return { ...firstSync, polledUntilMs, ranges, readWith };
    },
    write(cursor: Cursor): z.input<typeof StoredCursor> {
      const { readWith: tags, ...rest } = cursor;
      if (rest.phase === 'polling') return { ...rest, phase: 'synced', source, tags };
      const { polledUntilMs: askedUntilMs, ranges: spans, ...firstSync } = rest;
      return { ...firstSync, source, tags, askedUntilMs, spans };
    },
  };
}
