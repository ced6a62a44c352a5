import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { runLine } from './run-line.ts';

/** A short form with this period of reports. */
function configuration(endDate: string): string {
  const file = join(temporaryFolder(), 'c.yml');
  const timeRange = `time_range: { start_date: 2026-01-01, end_date: ${endDate} }`;
  writeFileSync(file, `incident_source: pagerduty\npagerduty: { api_key: k }\n${timeRange}\n`);
  return `--config.file=${file}`;
}

const nowMs = Date.parse('2026-03-01T00:00:00Z');

it('check accepts the end of reports that report accepts, and warns that the exporter does not', async () => {
  const { code, printed, said } = await runLine({ words: ['check', configuration('2026-01-31')], nowMs });

  expect({ code, printed }).toEqual({ code: 0, printed: 'configuration is valid; providers: pagerduty\n' });
  expect(said).toBe(
    'warning: time_range.end_date is for reports only: serve does not start with "2026-01-31"; it expects now\n',
  );
});

it('check warns of nothing where the end of reports is now', async () => {
  const { code, said } = await runLine({ words: ['check', configuration('now')], nowMs });

  expect({ code, said }).toEqual({ code: 0, said: '' });
});

it('check refuses the end of reports that report refuses', async () => {
  const { code, said } = await runLine({ words: ['check', configuration('2025-12-01')], nowMs });

  expect(code).toBe(2);
  expect(said).toMatch(/^mttr-exporter: time_range\./);
});

it('serve --config.check refuses what serve refuses', async () => {
  const { code, said } = await runLine({ words: ['serve', '--config.check', configuration('2026-01-31')], nowMs });

  expect(code).toBe(2);
  expect(said).toContain('"2026-01-31" is for reports only; expected now');
});
