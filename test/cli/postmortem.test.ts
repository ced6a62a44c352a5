import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ago } from '../report/stored-history.ts';
import { recovered } from '../store/fixtures.ts';
import { openCommand } from './command-on-store.ts';

const desk = () =>
  openCommand('postmortem', [
    {
      incidents: [
        recovered('SAME', 10, { triggeredAtMs: ago(300) }),
        recovered('ONE', 90, { triggeredAtMs: ago(200) }),
      ],
    },
    { config: { name: 'second' }, incidents: [recovered('SAME', 20, { triggeredAtMs: ago(100) })] },
  ]);

describe('postmortem', () => {
  it('prints the review of an incident', async () => {
    const { run } = desk();

    const { code, text } = await run({}, 'ONE');

    expect(code).toBe(0);
    expect(text).toMatch(/^# Post-incident review: trouble ONE\n/);
    expect(text).toContain(
      '| Recovery | trigger to resolve | 90.0 minutes (1.5 hours) | 30.0 | missed by 60.0 minutes |',
    );
  });

  it('prints it as JSON', async () => {
    const { run } = desk();

    const { code, text } = await run({ output: 'json' }, 'ONE');

    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({
      incident: { provider: 'pagerduty', id: 'ONE', severity_title: 'Critical' },
      resolution: { state: 'resolved', recovery_minutes: 90 },
    });
  });

  it('writes it into a file', async () => {
    const { run, folder } = desk();
    const file = join(folder, 'review.md');

    const { code, text } = await run({ outputFile: file }, 'ONE');

    expect({ code, text }).toEqual({ code: 0, text: '' });
    expect(readFileSync(file, 'utf8')).toContain('## Action items');
  });

  it('requires --provider when several have the id', async () => {
    const { run } = desk();

    const ambiguous = await run({}, 'SAME');
    const chosen = await run({ provider: 'second' }, 'SAME');

    expect(ambiguous).toMatchObject({
      code: 2,
      errors: 'several providers have incident "SAME" (pagerduty, second); add --provider',
    });
    expect(chosen.text).toContain('| Provider | second |');
  });

  it('fails with one line when nothing has the id', async () => {
    const { run } = desk();

    const { code, text, errors } = await run({}, 'NONE');

    expect({ code, text }).toEqual({ code: 1, text: '' });
    expect(errors).toBe('no incident "NONE" in the history of pagerduty, second');
  });

  it.each([
    {
      values: { provider: 'secnd' },
      words: ['ONE'],
      says: '--provider: "secnd" is unknown; did you mean "second"?',
    },
    { values: {}, words: ['ONE', 'SAME'], says: 'expected one incident id, got 2' },
    { values: {}, words: [], says: "missing required argument 'id'" },
  ])('refuses with code 2: $says', async ({ values, words, says }) => {
    const { run } = desk();

    const { code, errors } = await run(values, ...words);

    expect(code).toBe(2);
    expect(errors).toContain(says);
  });
});
