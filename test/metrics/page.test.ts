import { expect, it } from 'vitest';
import { playExamplePlatforms } from './example-platforms.ts';

it.each([
  { format: 'text', file: 'page.golden.txt' },
  { format: 'openmetrics', file: 'page.openmetrics.golden.txt' },
] as const)('the page of an invented world as $format is the one in $file', async ({ format, file }) => {
  const stage = await playExamplePlatforms();

  const page = await stage.peek(format);

  // After a wanted change: `npx vitest run test/metrics/page.test.ts -u`, then read the difference.
  const text = Buffer.concat(page.body).toString('utf8');
  await expect(text.replace(/^(mttr_exporter_store_bytes) \d+$/m, '$1 65536')).toMatchFileSnapshot(file);
});
