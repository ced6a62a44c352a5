import { expect, it } from 'vitest';
import { NOW_MS, stageImport } from './import-stage.ts';
import { runLine } from './running-report.ts';

const STATUS = 'providers: [{ name: status, type: import }]';
const OUTAGE =
  '{"id":"1","service":"shop","severity":"high","triggeredAt":"2026-10-01T09:00:00Z","resolvedAt":"2026-10-01T10:00:00Z"}\n';

it('a period that is older than all history is a wrong flag, told in one line', async () => {
  const { run, write, config } = stageImport(STATUS);
  await run(['--mapping', 'outages', write('outages.ndjson', OUTAGE)]);

  const { code, printed, said } = await runLine({
    words: ['report', '--quiet', `--config.file=${config}`, '--from=2026-08-01', '--to=2026-08-31'],
    nowMs: NOW_MS,
  });

  expect({ code, printed }).toEqual({ code: 2, printed: '' });
  expect(said).toBe(
    'mttr-exporter: the period ends at 2026-08-31 23:59:59 UTC, before the history begins (status: 2026-10-01 09:00:00 UTC); expected a later period, or a longer history in the configuration\n',
  );
});
