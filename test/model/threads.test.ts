import { expect, it } from 'vitest';
import { workerUrl } from '../../src/model/threads.ts';

it.each([
  { metaUrl: 'file:///srv/src/server/thread.ts', url: 'file:///srv/src/server/worker.ts' },
  { metaUrl: 'file:///srv/dist/server/thread.js', url: 'file:///srv/dist/server/worker.js' },
  { metaUrl: 'file:///a%20b/thread.ts?t=1', url: 'file:///a%20b/worker.ts' },
])('finds the worker beside $metaUrl', ({ metaUrl, url }) => {
  const found = workerUrl('worker', metaUrl);

  expect(found.href).toBe(url);
});
