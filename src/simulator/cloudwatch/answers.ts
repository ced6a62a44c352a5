import { createHash } from 'node:crypto';
import { PEOPLE } from '../people.ts';
import type { FakeAnswer } from '../platform.ts';

const [{ name, email, login }] = PEOPLE;

/** Who is in charge of all alarms. */
export const CLOUDWATCH_PEOPLE = { name, mail: email, login } as const;

/** A refusal as AWS JSON 1.0 words it; `code` is what clients of the older query protocol go by. */
export class Refusal extends Error {
  readonly answer: FakeAnswer;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.answer = {
      status,
      headers: { ...JSON_1_0, 'x-amzn-query-error': `${code};Sender` },
      body: { __type: `com.amazonaws.cloudwatch#${code}`, message },
    };
  }
}

const JSON_1_0 = { 'content-type': 'application/x-amz-json-1.0' } as const;

/** A 200 with this body. */
export function answered(body: unknown): FakeAnswer {
  return { status: 200, headers: JSON_1_0, body };
}

/** Instants travel as seconds with a fraction, in both directions. */
export function seconds(atMs: number): number {
  return atMs / 1000;
}

/** What a list was asked for, and by whose clock it is read. */
export interface Listing {
  readonly operation: string;
  /** The request without its token; the same for all pages of one list. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly pageSize: number;
  readonly token: string | undefined;
  readonly nowMs: number;
  readonly tokensRefused: () => boolean;
}

/** One page of a list. `read` gives the whole list as it stood at an instant, so pages of one list fit together. */
export function pageOf<Item>(listing: Listing, read: (nowMs: number) => readonly Item[]) {
  const question = digest([listing.operation, listing.asked]);
  const place = listing.token === undefined ? undefined : placeIn(listing.token);
  if (listing.token !== undefined && (place?.question !== question || listing.tokensRefused())) {
    throw new Refusal('InvalidNextToken', 'The next token specified is invalid.');
  }
  const { offset, asOfMs } = place ?? { offset: 0, asOfMs: listing.nowMs };
  const all = read(asOfMs);
  const next = offset + listing.pageSize;
  const more = next < all.length ? { NextToken: tokenOf({ question, offset: next, asOfMs }) } : {};
  return { items: all.slice(offset, next), more };
}

interface Place {
  readonly question: string;
  readonly offset: number;
  readonly asOfMs: number;
}

function tokenOf({ question, offset, asOfMs }: Place): string {
  return Buffer.from(`${question} ${offset} ${asOfMs}`).toString('base64url');
}

function placeIn(token: string): Place {
  const [question = '', offset, asOfMs] = Buffer.from(token, 'base64url').toString().split(' ');
  return { question, offset: Number(offset), asOfMs: Number(asOfMs) };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
