import type { OneShot } from './command.ts';
import { completion } from './completion.ts';

/** The commands for people, in the order of the help. */
export const oneShots: readonly OneShot[] = [completion];
