import fc from 'fast-check';
import { expect, it } from 'vitest';
import { serialise } from '../../src/server/api/serialise.ts';

it('writes what JSON.stringify writes, of any object', async () => {
  const property = fc.asyncProperty(
    fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
    async (answer) => {
      const written = await serialise(answer);

      expect(written.toString('utf8')).toBe(Buffer.from(JSON.stringify(answer)).toString('utf8'));
    },
  );

  await fc.assert(property, { numRuns: 300 });
});
