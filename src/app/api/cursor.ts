import { hash } from 'node:crypto';
import { z } from 'zod';
import { invalidParameters } from '../../server/responses.ts';

/** Where an incident stands in the order of the list. */
export interface Place {
  readonly triggeredAtMs: number;
  /** Its row in the store. */
  readonly row: number;
}

const Cursor = z.tuple([z.int(), z.int(), z.string()]);

/** The place after which the next page begins, with the question that it belongs to; opaque to clients. */
export function writeCursor({ triggeredAtMs, row }: Place, question: object): string {
  return Buffer.from(JSON.stringify([triggeredAtMs, row, digestOf(question)])).toString('base64url');
}

/** Reads what `writeCursor` wrote for the same question; throws a RequestProblem otherwise. */
export function readCursor(text: string, question: object): Place {
  const [triggeredAtMs, row, digest] = partsOf(text);
  if (digest === digestOf(question)) return { triggeredAtMs, row };
  throw refused('belongs to other parameters; repeat those of the page that it came with');
}

function partsOf(text: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw refused('invalid; expected next_cursor of the preceding page');
  }
}

function refused(reason: string) {
  return invalidParameters([{ name: 'cursor', reason }]);
}

function digestOf(question: object): string {
  const given = Object.entries(question).filter(([, value]) => value !== undefined);
  return hash('sha256', JSON.stringify(given), 'base64url').slice(0, 8);
}
