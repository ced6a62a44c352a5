import { cumulativeFamilies } from './cumulative.ts';
import type { AnyFamily } from './family.ts';
import { stateFamilies } from './state.ts';
import { windowedFamilies } from './windowed.ts';

/** Every family that is made from the store, in the order of the page. */
export const families: readonly AnyFamily[] = [...cumulativeFamilies, ...windowedFamilies, ...stateFamilies];
