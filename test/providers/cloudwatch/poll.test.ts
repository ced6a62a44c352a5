import { expect, it } from 'vitest';
import { interleave } from '../../../src/providers/cloudwatch/poll.ts';

async function* counting(name: string, count: number, closed: string[] = []): AsyncGenerator<string> {
  try {
    for (let index = 0; index < count; index += 1) yield `${name}${index}`;
  } finally {
    closed.push(name);
  }
}

it('gives all of all sources, each in its own order, none before its turn', async () => {
  const seen: string[] = [];

  for await (const one of interleave([counting('a', 3), counting('b', 1), counting('c', 3)], () => undefined))
    seen.push(one);

  expect(seen).toEqual(['a0', 'b0', 'c0', 'a1', 'c1', 'a2', 'c2']);
});

it('ends with the first failure, stops the others and waits for them', async () => {
  const events: string[] = [];
  async function* failing(): AsyncGenerator<string> {
    yield 'first';
    throw new Error('region down');
  }
  async function* waiting(stopped: Promise<void>): AsyncGenerator<string> {
    await stopped;
    events.push('the other came to its end');
    yield 'too late';
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const drain = async () => {
    for await (const one of interleave([waiting(promise), failing()], resolve)) events.push(one);
  };

  await expect(drain()).rejects.toThrow('region down');

  expect(events).toEqual(['first', 'the other came to its end']);
});

it('closes its sources when nobody wants more', async () => {
  const closed: string[] = [];
  let stops = 0;

  for await (const _ of interleave([counting('a', 9, closed), counting('b', 9, closed)], () => (stops += 1))) break;

  expect([...closed].sort()).toEqual(['a', 'b']);
  expect(stops).toBe(1);
});
