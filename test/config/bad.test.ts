import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusal } from './invented.ts';

const folder = new URL('bad/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.golden.yml'))
  .map((name) => name.slice(0, -'.golden.yml'.length));

/** Each bad/NAME.golden.yml is refused, as a file c.yml, with exactly the text beside it. */
describe('a bad configuration is refused with one line per problem', () => {
  it.each(names)('%s', (name) => {
    const message = refusal(read(`${name}.golden.yml`));

    expect(`${message}\n`).toBe(read(`${name}.golden.txt`));
  });

  it('names file, line and column, and what was expected, in every line', () => {
    const lines = names.flatMap((name) => read(`${name}.golden.txt`).trimEnd().split('\n'));

    for (const line of lines) {
      expect(line).toMatch(/c\.yml(:\d+:\d+\)?)?: /);
      expect(line).toMatch(/; expected |; did you mean /);
    }
  });

  it('shows no secret of the file, of the environment or of a secret file', () => {
    const all = names.map((name) => read(`${name}.golden.txt`)).join('');

    expect(all).not.toMatch(/hunter|12345678|token-of-the-environment|key-of-the-file/);
  });

  it('refuses a file that is too large to be a configuration', () => {
    const message = refusal(`# ${'x'.repeat(1_000_000)}`);

    expect(message).toBe('c.yml: is too large; expected at most 1000000 characters');
  });
});
