import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Rejection } from '../model/incident.ts';

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/;

/** A timestamp of date, time and zone (`Z`, `+00:00` or `+0000`), as milliseconds since the epoch. */
export const timestamp: z.ZodType<number, string> = z.string().transform((text, context) => {
  const ms = WITH_ZONE.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'expected a date with time and zone' });
  return z.NEVER;
});

/** The parsed records of one response, and those that could not be parsed. */
export interface Parsed<Item> {
  readonly records: readonly Item[];
  readonly rejected: readonly Rejection[];
}

/** Parses the envelope of a response; throws when its shape is unexpected, with the request `what` and what was expected. */
export function parseResponse<Output>(schema: z.ZodType<Output>, body: unknown, what: string): Output {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Error(`${what}: the answer has another shape: ${explain(result.error)}`);
}

/** Finds the id of a record that no schema has read, for its rejection. */
export type FindId = (record: unknown) => unknown;

/** Parses one record: our type, or its rejection. */
export function parseRecord<Item>(
  schema: z.ZodType<Item>,
  record: unknown,
  findId: FindId = plainId,
): Item | Rejection {
  const result = schema.safeParse(record);
  return result.success ? result.data : toRejection(record, findId, explain(result.error));
}

/** Parses each record and skips malformed ones; throws when there are two or more and none can be parsed. */
export function parseRecords<Item>(
  schema: z.ZodType<Item>,
  records: readonly unknown[],
  what: string,
  findId: FindId = plainId,
): Parsed<Item> {
  const parsed: Item[] = [];
  const rejected: Rejection[] = [];
  for (const record of records) {
    const result = schema.safeParse(record);
    if (result.success) parsed.push(result.data);
    else rejected.push(toRejection(record, findId, explain(result.error)));
  }
  if (parsed.length === 0 && rejected.length > 1) {
    throw new Error(`${what}: none of ${rejected.length} records has the expected shape: ${rejected[0]?.detail}`);
  }
  return { records: parsed, rejected };
}

function toRejection(record: unknown, findId: FindId, detail: string): Rejection {
  const found = findId(record);
  const id = typeof found === 'number' ? String(found) : found;
  if (typeof id === 'string' && id !== '') return { id, key: id, reason: 'malformed', detail };
  const text = JSON.stringify(record) ?? 'undefined';
  return { key: createHash('sha256').update(text).digest('hex'), reason: 'missing_id', detail };
}

function plainId(record: unknown): unknown {
  return typeof record === 'object' && record !== null && 'id' in record ? record.id : undefined;
}

/** The path and what was expected; never the value that the platform sent. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unreadable';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
