import { z } from 'zod';
import { changesRow } from './changes.ts';
import { commitRow } from './commit.ts';
import { daemonPart } from './daemon.ts';
import { firstSyncRow } from './first-sync.ts';
import { loopRow } from './loop.ts';
import { memoryRow } from './memory.ts';
import { pageRow } from './page.ts';
import type { Part } from './parts.ts';
import { platformPart } from './platform.ts';
import { limitsRow, quietPollRow } from './requests.ts';
import { restartRow } from './restart.ts';
import { rivalPart } from './rival.ts';
import { type Row, RowInput } from './row.ts';
import { prepareStore } from './setting.ts';

/** Everything that can be measured, in the order of the table. */
export const ROWS: Readonly<Record<string, Row>> = {
  page: pageRow,
  loop: loopRow,
  commit: commitRow,
  restart: restartRow,
  changes: changesRow,
  memory: memoryRow,
  'first-sync': firstSyncRow,
  'quiet-poll': quietPollRow,
  limits: limitsRow,
};

const Preparing = z.object({
  folder: z.string(),
  nowMs: z.number(),
  incidents: z.number(),
  services: z.number(),
  detail: z.enum(['standard', 'full']),
});

/** What a process of the benchmark can be: one row, or a part that rows start. */
export function partOf(name: string): Part {
  const row = ROWS[name];
  if (row !== undefined) return { measure: async (input) => row(RowInput.parse(input)) };
  if (name === 'daemon') return daemonPart();
  if (name === 'platform') return platformPart();
  if (name === 'rival') return rivalPart();
  if (name === 'preparing') return preparingPart();
  throw new Error(`there is no part called ${name}`);
}

/** Writes a store in a process that then ends, so that none of it stays in a row's memory. */
function preparingPart(): Part {
  return {
    prepare: async (input) => {
      const { folder, ...wanted } = Preparing.parse(input);
      await prepareStore(folder, wanted);
      return {};
    },
  };
}
