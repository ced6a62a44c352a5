interface Newest {
  /** When each record of the newest page began. */
  readonly stampsMs: readonly number[];
  /** False when there are older ones. */
  readonly isAll: boolean;
  /** The stretch of time that is asked about. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** How many records the whole stretch holds when they came as often as those of its newest page. */
export function expectedRecords({ stampsMs, isAll, fromMs, toMs }: Newest): number {
  const oldestMs = stampsMs.reduce((least, ms) => Math.min(least, ms), toMs);
  if (isAll || oldestMs >= toMs) return stampsMs.length;
  return Math.ceil((stampsMs.length * (toMs - fromMs)) / (toMs - oldestMs));
}
