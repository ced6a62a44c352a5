import { MessageChannel } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { CoreFailure } from '../../src/core/messages.ts';
import { callRemote, type Remote, serveRemote, toRemote } from '../../src/core/remote.ts';
import { sharedBytes } from '../../src/model/threads.ts';

class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

function createService() {
  const order: string[] = [];
  return {
    add: (a: number, b: number) => a + b,
    names: (): ReadonlyMap<string, ReadonlySet<string>> => new Map([['a', new Set(['b'])]]),
    bytes: () => sharedBytes([Buffer.from('page')]),
    note: (text: string): readonly string[] => [...order, (order.push(text), text)],
    fill: () => {
      throw new DiskFull('database or disk is full');
    },
    damage: () => {
      throw new CoreFailure('the store is damaged: malformed');
    },
    say: () => {
      throw 'just words';
    },
    give: (): unknown => () => 'a function cannot be sent',
    take: (_value: unknown) => undefined,
  };
}

type Service = ReturnType<typeof createService>;
const METHODS = ['add', 'names', 'bytes', 'note', 'fill', 'damage', 'say', 'give', 'take'] as const;

/** Both ends of a channel, as between two threads. */
function overChannel() {
  const { port1, port2 } = new MessageChannel();
  serveRemote(port1, createService());
  const calls = callRemote<Service>(port2, METHODS);
  onTestFinished(() => port1.close());
  return { ...calls, silence: () => port1.removeAllListeners('message') };
}

const ENDS: readonly { readonly says: string; readonly open: () => Remote<Service> }[] = [
  { says: 'another thread', open: () => overChannel().service },
  { says: 'this thread', open: () => toRemote(createService()) },
];

it.each(ENDS)('a service on $says gives what its methods give', async ({ open }) => {
  const service = open();

  const [sum, names] = await Promise.all([service.add(1, 2), service.names()]);

  expect([sum, names]).toEqual([3, new Map([['a', new Set(['b'])]])]);
});

it.each(ENDS)('a service on $says does one call after the other, in their order', async ({ open }) => {
  const service = open();

  const answers = await Promise.all(['a', 'b', 'c'].map((text) => service.note(text)));

  expect(answers).toEqual([['a'], ['a', 'b'], ['a', 'b', 'c']]);
});

it.each(ENDS)('an error of a service on $says keeps its name and its message', async ({ open }) => {
  const service = open();

  const errors = await Promise.allSettled([service.fill(), service.damage()]);

  expect(errors).toMatchObject([
    { reason: { name: 'DiskFull', message: 'database or disk is full' } },
    { reason: { name: 'CoreFailure', message: 'the store is damaged: malformed' } },
  ]);
});

it('an error keeps its stack, and a CoreFailure its class', async () => {
  const { service } = overChannel();

  const error = await service.damage().catch((one: unknown) => one);

  expect(error).toBeInstanceOf(CoreFailure);
  expect(error).toMatchObject({ stack: expect.stringContaining('remote.test.ts') });
});

it('what is thrown and is no error becomes one', async () => {
  const { service } = overChannel();

  await expect(service.say()).rejects.toMatchObject({ name: 'Error', message: 'just words' });
});

it('shared memory is not copied', async () => {
  const { service } = overChannel();

  const bytes = await service.bytes();

  expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(Buffer.from(bytes).toString()).toBe('page');
});

it('what cannot be sent fails its own call only', async () => {
  const { service } = overChannel();

  const results = await Promise.allSettled([service.give(), service.take(() => undefined), service.add(1, 1)]);

  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

it('calls fail when the other end is gone: those that wait, and all later ones', async () => {
  const { service, silence, ...calls } = overChannel();
  silence();
  const waiting = [service.add(1, 2), service.names()];
  const results = Promise.allSettled(waiting);

  calls.fail(new CoreFailure('the core thread has ended'));

  const reason = { name: 'CoreFailure', message: 'the core thread has ended' };
  expect(await results).toMatchObject([{ reason }, { reason }]);
  await expect(service.add(1, 2)).rejects.toMatchObject(reason);
});
