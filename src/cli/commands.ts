import type { OneShot } from './command.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';

/** The commands for people, in the order of the help. */
export const oneShots: readonly OneShot[] = [doctor, completion];
