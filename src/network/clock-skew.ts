import { SECOND_MS } from '../model/time.ts';

interface Heard {
  /** The header `Date` of an answer (RFC 9110 §6.6.1), where it has one. */
  readonly date: string | undefined;
  /** By our clock. */
  readonly sentAtMs: number;
  readonly heardAtMs: number;
}

/**
 * Milliseconds by which the platform's clock is ahead of ours; negative when it is behind. The header tells whole seconds
 * and is written at some instant between sending and hearing, so the middle of both is compared. Undefined without a date.
 */
export function clockAheadMs({ date, sentAtMs, heardAtMs }: Heard): number | undefined {
  const theirMs = Date.parse(date ?? '');
  if (Number.isNaN(theirMs)) return undefined;
  return theirMs + SECOND_MS / 2 - (sentAtMs + heardAtMs) / 2;
}
