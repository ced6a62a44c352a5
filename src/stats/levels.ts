import type { Config } from '../config/types.ts';
import { MINUTE_MS } from '../model/time.ts';

/** Performance levels, best first. */
export const LEVELS = ['elite', 'high', 'medium', 'low'] as const;
export type Level = (typeof LEVELS)[number];

/** The level that a mean recovery time reaches; a bound itself belongs to the level below it. */
export function levelOf(mttrMinutes: number, levels: Config['levels']): Level {
  const ms = mttrMinutes * MINUTE_MS;
  if (ms < levels.eliteMs) return 'elite';
  if (ms < levels.highMs) return 'high';
  return ms < levels.mediumMs ? 'medium' : 'low';
}
