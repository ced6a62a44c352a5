import { join } from 'node:path';
import type { Incident } from '../../src/model/incident.ts';
import { CONTENT_COLUMNS, cellsOf, contentFlags } from '../../src/store/incident-row.ts';
import { openStore } from '../../src/store/sqlite/open.ts';
import { type History, inventIncident } from './incidents.ts';
import { inTime, type Line, type RowInput } from './row.ts';
import { batchOf, openSynced, RETENTION_MS, silent } from './setting.ts';

const INCIDENTS = 1_000_000;
const PAGE = 100;
/** The two take turns, so that a change of the disk's mood meets both. */
const TURN_PAGES = 500;
const MUST_REACH = 0.5;

/** A store that takes pages one by one. */
interface Taker {
  take(page: readonly Incident[], place: number): Promise<number>;
  close(): void;
}

/** Rows into a bare table against commits with ledger, totals and cursor. */
export async function commitRow({ folder, nowMs }: RowInput): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const detail of ['standard', 'full'] as const) {
    const history = { incidents: INCIDENTS, services: 500, fromMs: nowMs - RETENTION_MS, toMs: nowMs };
    const takers = {
      store: await storeTaker(join(folder, `commit-${detail}.db`), detail, history),
      bare: bareTaker(join(folder, `bare-${detail}.db`), nowMs),
    };
    const ms = { store: 0, bare: 0 };
    for (let place = 0; place < INCIDENTS; place += PAGE * TURN_PAGES) {
      const pages = Array.from({ length: TURN_PAGES }, (_none, at) => inventPage(history, place + at * PAGE));
      ms.bare += await takeAll(takers.bare, pages, place);
      ms.store += await takeAll(takers.store, pages, place);
    }
    takers.store.close();
    takers.bare.close();
    lines.push(lineOf(detail, ms));
  }
  return lines;
}

function lineOf(detail: string, { store, bare }: { store: number; bare: number }): Line {
  const ratio = bare / store;
  return {
    what: `committing 1,000,000 incidents in pages of 100 with ledger, totals and cursor, \`metrics.detail: ${detail}\``,
    measured: `${ratio.toFixed(2)} ×`,
    mustReach: `≥ ${MUST_REACH} × bare inserts`,
    isReached: ratio >= MUST_REACH,
    raw: `${inTime(store)} against ${inTime(bare)}`,
  };
}

async function takeAll(taker: Taker, pages: readonly Incident[][], place: number): Promise<number> {
  let ms = 0;
  for (const [at, page] of pages.entries()) ms += await taker.take(page, place + at * PAGE);
  return ms;
}

function inventPage(history: History, from: number): Incident[] {
  return Array.from({ length: PAGE }, (_none, at) => inventIncident(history, from + at));
}

async function storeTaker(path: string, detail: 'standard' | 'full', history: History): Promise<Taker> {
  const store = await openSynced({ path, detail }, history.fromMs);
  return {
    take: async (page) => {
      const batch = batchOf(page, history.toMs, history.fromMs);
      const startedAtMs = performance.now();
      store.commit(batch);
      return performance.now() - startedAtMs;
    },
    close: () => store.close(),
  };
}

/** The same file, pragmas, table, keys, indexes and transactions; the cells are ready before the clock runs. */
function bareTaker(path: string, nowMs: number): Taker {
  const opened = openStore({ path, log: silent, nowMs });
  const { database } = opened;
  const columns = ['row', 'provider', 'marks', 'escalations_counted', 'reopens_counted', ...CONTENT_COLUMNS];
  const insert = database.prepare(
    `INSERT INTO incidents (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return {
    take: async (page, place) => {
      const rows = page.map((one, at) => [place + at + 1, 1, contentFlags(one), 0, 0, ...cellsOf(one, 1)]);
      const startedAtMs = performance.now();
      database.exec('BEGIN IMMEDIATE');
      for (const cells of rows) insert.run(...cells);
      database.exec('COMMIT');
      return performance.now() - startedAtMs;
    },
    close: () => opened.close(),
  };
}
