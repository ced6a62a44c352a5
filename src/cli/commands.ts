import { backfill } from './backfill.ts';
import type { OneShot } from './command.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { importFiles } from './import.ts';
import { postmortem } from './postmortem.ts';
import { report } from './report.ts';

/** The commands for people, in the order of the help. */
export const oneShots: readonly OneShot[] = [report, backfill, explain, postmortem, importFiles, doctor, completion];
