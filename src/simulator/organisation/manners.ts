import { MINUTE_MS } from '../../model/time.ts';
import type { NonEmpty } from './random.ts';

/** How the shop's people deal with troubles of one severity. */
export interface Manner {
  /** As the platform calls it; absent: nobody sets one, and the urgency is all there is. */
  readonly priority: string | undefined;
  readonly urgency: 'high' | 'low';
  /** Share of all incidents. */
  readonly weight: number;
  readonly recovery: { readonly medianMs: number; readonly spread: number };
  readonly acknowledgement: { readonly share: number; readonly medianMs: number; readonly spread: number };
  /** Without an acknowledgement by then somebody else is called; absent: nobody is. */
  readonly escalatesAfterMs: number | undefined;
}

/** From short and watched to long and forgotten; the worst severity is the rarest. */
export const MANNERS: NonEmpty<Manner> = [
  {
    priority: 'P1',
    urgency: 'high',
    weight: 5,
    recovery: { medianMs: 17 * MINUTE_MS, spread: 0.8 },
    acknowledgement: { share: 0.98, medianMs: 2.5 * MINUTE_MS, spread: 0.7 },
    escalatesAfterMs: 5 * MINUTE_MS,
  },
  {
    priority: 'P2',
    urgency: 'high',
    weight: 14,
    recovery: { medianMs: 65 * MINUTE_MS, spread: 0.95 },
    acknowledgement: { share: 0.95, medianMs: 6 * MINUTE_MS, spread: 0.8 },
    escalatesAfterMs: 15 * MINUTE_MS,
  },
  {
    priority: 'P3',
    urgency: 'high',
    weight: 32,
    recovery: { medianMs: 190 * MINUTE_MS, spread: 1.1 },
    acknowledgement: { share: 0.85, medianMs: 18 * MINUTE_MS, spread: 1 },
    escalatesAfterMs: 30 * MINUTE_MS,
  },
  {
    priority: 'P4',
    urgency: 'low',
    weight: 22,
    recovery: { medianMs: 540 * MINUTE_MS, spread: 1.1 },
    acknowledgement: { share: 0.65, medianMs: 70 * MINUTE_MS, spread: 1.1 },
    escalatesAfterMs: undefined,
  },
  {
    priority: 'P5',
    urgency: 'low',
    weight: 11,
    recovery: { medianMs: 1300 * MINUTE_MS, spread: 1.2 },
    acknowledgement: { share: 0.4, medianMs: 200 * MINUTE_MS, spread: 1.2 },
    escalatesAfterMs: undefined,
  },
  {
    priority: undefined,
    urgency: 'high',
    weight: 7,
    recovery: { medianMs: 60 * MINUTE_MS, spread: 1.2 },
    acknowledgement: { share: 0.75, medianMs: 12 * MINUTE_MS, spread: 1 },
    escalatesAfterMs: 30 * MINUTE_MS,
  },
  {
    priority: undefined,
    urgency: 'low',
    weight: 9,
    recovery: { medianMs: 300 * MINUTE_MS, spread: 1.3 },
    acknowledgement: { share: 0.4, medianMs: 90 * MINUTE_MS, spread: 1.1 },
    escalatesAfterMs: undefined,
  },
];

/** The manner of a severity by name; of one that is not in the list: the first. */
export function mannerOf(priority: string): Manner {
  return MANNERS.find((manner) => manner.priority === priority) ?? MANNERS[0];
}
