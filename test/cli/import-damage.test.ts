import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openStoredIncidents } from '../../src/store/snapshot.ts';
import { stageImport } from './run-import.ts';

const STATUS = 'providers: [{ name: status, type: import }]';
const OUTAGE = '{"id":"1","service":"shop","severity":"high","triggeredAt":"2026-10-01T09:00:00Z","resolvedAt":null}\n';

describe('an import into a store that cannot be opened', () => {
  it('refuses a damaged one and leaves it as it is', async () => {
    const { run, write, path } = stageImport(STATUS);
    await run(['--mapping', 'outages', write('outages.ndjson', OUTAGE)]);
    const bytes = readFileSync(path('store.db')).fill(0x5a, 0, 100);
    writeFileSync(path('store.db'), bytes);

    const importing = run(['--mapping', 'outages', path('outages.ndjson')]);

    await expect(importing).rejects.toThrow(`the store ${path('store.db')} is damaged (file is not a database); `);
    expect(readFileSync(path('store.db'))).toEqual(bytes);
    expect(readdirSync(path('.')).filter((name) => name.includes('damaged'))).toEqual([]);
  });

  it('names a damaged one in a dry run', async () => {
    const { run, write, path } = stageImport(STATUS);
    await run(['--mapping', 'outages', write('outages.ndjson', OUTAGE)]);
    const database = new DatabaseSync(path('store.db'));
    const root = Number(
      database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_incidents_1'").get()?.[
        'rootpage'
      ],
    );
    const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
    database.close();
    writeFileSync(
      path('store.db'),
      readFileSync(path('store.db')).fill(0x5a, (root - 1) * pageBytes, root * pageBytes),
    );

    const trying = run(['--mapping', 'outages', '--dry-run', path('outages.ndjson')]);

    await expect(trying).rejects.toThrow(`cannot read the store ${path('store.db')}: database disk image is malformed`);
  });
});

it('an import that cannot be committed says that nothing was imported', async () => {
  const { run, write, path } = stageImport(STATUS);
  await run(['--mapping', 'outages', write('outages.ndjson', OUTAGE)]);
  const database = new DatabaseSync(path('store.db'));
  database.exec(
    "CREATE TRIGGER full BEFORE INSERT ON incidents WHEN NEW.id = '900' BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
  );
  database.close();
  const many = Array.from({ length: 900 }, (_, at) => OUTAGE.replace('"id":"1"', `"id":"${at + 1}"`));
  const file = write('many.ndjson', many.join(''));

  const importing = run(['--mapping', 'outages', file]);

  await expect(importing).rejects.toThrow(/^cannot write to the store: disk is full; nothing was imported$/);
  const past = openStoredIncidents(path('store.db'), 'status');
  const kept = past.stored.incidents(['1', '2', '899']);
  past.close();
  expect([...kept.keys()]).toEqual(['1']);
});

it('no name in a file can write over the lines of a terminal', async () => {
  const { run, write } = stageImport(STATUS);
  const table = 'id,triggeredAt,\u001b[2JBy,severity\n1,2026-10-01T09:00:00Z,Ada,\u001b[1msev\n';

  const { text } = await run(['--mapping', 'mttr-exporter', '--dry-run', write('esc.csv', table)]);

  expect(text).toContain('[2JBy');
  expect(text).not.toContain('\u001b');
});
