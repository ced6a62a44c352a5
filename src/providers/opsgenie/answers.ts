import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Rejection } from '../../model/incident.ts';

/** The records of one answer, and those that could not be read. */
export interface Parsed<Wire> {
  readonly wires: readonly Wire[];
  readonly rejected: readonly Rejection[];
}

/** The envelope of an answer; another shape is an error that names `what` was asked and what was expected. */
export function parseAnswer<Output>(schema: z.ZodType<Output>, body: unknown, what: string): Output {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Error(`${what}: the answer has another shape: ${explain(result.error)}`);
}

/** Reads each record; one that is malformed is skipped, a list of which nothing parses is an error. */
export function parseRecords<Wire>(schema: z.ZodType<Wire>, records: readonly unknown[], what: string): Parsed<Wire> {
  const wires: Wire[] = [];
  const rejected: Rejection[] = [];
  for (const record of records) {
    const result = schema.safeParse(record);
    if (result.success) wires.push(result.data);
    else rejected.push(rejection(record, explain(result.error)));
  }
  const [first] = rejected;
  if (wires.length === 0 && first !== undefined && rejected.length > 1) {
    throw new Error(`${what}: none of ${rejected.length} records has the expected shape: ${first.detail}`);
  }
  return { wires, rejected };
}

function rejection(record: unknown, detail: string): Rejection {
  const id = idOf(record);
  if (id !== undefined) return { id, key: id, reason: 'malformed', detail };
  const key = createHash('sha256')
    .update(JSON.stringify(record) ?? 'undefined')
    .digest('hex');
  return { key, reason: 'missing_id', detail };
}

function idOf(record: unknown): string | undefined {
  if (typeof record !== 'object' || record === null || !('id' in record)) return undefined;
  return typeof record.id === 'string' && record.id !== '' ? record.id : undefined;
}

/** Where and what was expected; never what the platform sent. */
function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unreadable';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
