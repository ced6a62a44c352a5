import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/model/time.ts';
import { STORED_COLUMNS } from '../../src/store/incident-row.ts';
import { collectGarbage, inTime, type Line, median, type RowInput, timed } from './row.ts';
import { openTestExporter, prepareStore } from './setting.ts';

const INCIDENTS = 1_000_000;
const ROUNDS = 3;
const MOST = 3;

/** From opening the store to the first whole page, between two plain readings of the same columns. */
export async function restartRow({ folder, nowMs }: RowInput): Promise<readonly Line[]> {
  const { path } = await prepareStore(folder, { incidents: INCIDENTS, services: 500, detail: 'standard', nowMs });
  const ratios: number[] = [];
  const raw: string[] = [];
  // The first reading fills the system's file cache for all that follow.
  readColumns(path);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await timed(() => readColumns(path));
    collectGarbage();
    const restart = await timedRestart(path);
    collectGarbage();
    const reading = (before + (await timed(() => readColumns(path)))) / 2;
    ratios.push(restart / reading);
    raw.push(`${inTime(restart)} against ${inTime(reading)}`);
  }
  const ratio = median(ratios);
  return [
    {
      what: 'restart with 1,000,000 incidents until the first whole page',
      measured: `${ratio.toFixed(2)} ×`,
      mustReach: `≤ ${MOST} × one iterate() over the columns read`,
      isReached: ratio <= MOST,
      raw: raw.join('; '),
    },
  ];
}

async function timedRestart(path: string): Promise<number> {
  const startedAtMs = performance.now();
  const life = await openTestExporter({ path, detail: 'standard' }, systemClock);
  const ms = performance.now() - startedAtMs;
  await life.close();
  return ms;
}

/** Every row once, each cell touched by nobody: the least that a program that keeps no copy can do. */
function readColumns(path: string): number {
  const database = new DatabaseSync(path);
  let rows = 0;
  for (const _row of database.prepare(`SELECT ${STORED_COLUMNS} FROM incidents ORDER BY row`).iterate()) rows += 1;
  database.close();
  return rows;
}
