import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { report as reportCommand } from '../../src/cli/commands/report.ts';
import { toOptions } from '../../src/cli/flags.ts';
import { renderCsv } from '../../src/report/render/csv.ts';
import { renderJson } from '../../src/report/render/json.ts';
import { toReportFields } from '../../src/report/statistic-info.ts';
import { report } from '../report/render/invented.ts';

const page = readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8');
const codes = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code));

it('docs/report.md lists every flag, and no unknown one', () => {
  const flags = toOptions(reportCommand.flags).flatMap(({ long, short }) =>
    [long, short].filter((one) => one !== undefined && one !== null),
  );

  const listed = [...codes].filter((code) => /^--[a-z.-]+$/.test(code));

  expect(listed.toSorted()).toEqual(flags.toSorted());
});

it('docs/report.md lists every key of the JSON and every column of the CSV', () => {
  const keys = Object.keys(JSON.parse(renderJson(report())));
  const columns = (renderCsv(report()).split('\r\n')[0] ?? '').split(',');

  const missing = [...keys, ...columns, ...Object.keys(toReportFields({}))].filter((key) => !codes.has(key));

  expect(missing).toEqual([]);
});
