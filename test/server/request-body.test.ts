import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  bearer,
  hmacHex,
  sharedToken,
  standardWebhooks,
  timedHmacHex,
  verifyAny,
} from '../../src/providers/webhook.ts';
import { BodyError, parseBody } from '../../src/server/request-body.ts';

const BODIES = 100_000;
const verifier = verifyAny(
  [hmacHex({ header: 'x-a', prefix: 'v1=' }), standardWebhooks, timedHmacHex('x-b'), sharedToken('x-c'), bearer],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'other'],
);
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\n',
  '\\ud800',
  ',',
  ':',
  'null',
  '1e999',
  '\u0000',
  '\uFEFF',
  '{"id":1}',
];

/** Bytes of every kind: noise, JSON that was cut or mangled, signatures of a wrong form. */
function invent(at: number): Buffer {
  if (at % 3 === 0) return randomBytes(at % 97);
  const count = at % 11;
  return Buffer.from(
    Array.from({ length: count }, (_, piece) => PIECES[(at * 7 + piece * at) % PIECES.length]).join(''),
  );
}

it('a hundred thousand bodies of any kind are refused or read, and leave nothing behind', async () => {
  let read = 0;
  let accepted = 0;
  const run = async (from: number, to: number) => {
    for (let at = from; at < to; at += 1) {
      const body = invent(at);
      const noise = body.toString('latin1');
      const headers = { 'x-a': `v1=${noise}`, 'x-b': noise, 'x-c': noise, authorization: `Bearer ${noise}` };
      const refusal = verifier.refuse(headers) ?? (await verifier.verify({ headers, body, nowMs: 0 }));
      if (refusal === undefined) accepted += 1;
      try {
        parseBody(body, {}, 1000);
        read += 1;
      } catch (error) {
        if (!(error instanceof BodyError)) throw error;
      }
    }
  };
  await run(0, BODIES / 10);
  const { gc } = globalThis;
  gc?.();
  const beforeBytes = process.memoryUsage().heapUsed;
  await run(BODIES / 10, BODIES);
  gc?.();

  expect(accepted).toBe(0);
  expect(read).toBeGreaterThan(BODIES / 100);
  // Without a collection on demand this is only a coarse bound.
  expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(100 * 1024 * 1024);
});
