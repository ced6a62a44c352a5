import {
  MappingType,
  type Threshold,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Levels in their colours, for the numbers that `level` makes. */
export const LEVELS: ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      1: { text: 'elite', color: 'green', index: 0 },
      2: { text: 'high', color: 'yellow', index: 1 },
      3: { text: 'medium', color: 'orange', index: 2 },
      4: { text: 'low', color: 'red', index: 3 },
    },
  },
];

/** 1 is good, 0 is not. */
export const YES_NO: ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: { 0: { text: 'no', color: 'red', index: 1 }, 1: { text: 'yes', color: 'green', index: 0 } },
  },
];

/** The first colour holds below all of the others' bounds. */
export type Steps = readonly [first: string, ...(readonly [from: number, colour: string])[]];

/** No judgement. */
export const PLAIN: Steps = ['blue'];
/** Anything above zero wants a look. */
export const NONE_IS_GOOD: Steps = ['green', [0.000001, 'orange']];
/** Change of a mean; a fifth is more than the usual noise of a dozen incidents. */
export const SLOWER_IS_BAD: Steps = ['green', [0.05, 'yellow'], [0.2, 'red']];
/** A share that should reach 1. */
export const MORE_IS_GOOD: Steps = ['red', [0.75, 'orange'], [0.9, 'green']];
/** A share of an allowance: all of it is used at 1. */
export const SHARE_OF_LIMIT: Steps = ['green', [0.75, 'yellow'], [1, 'red']];
/** What is left of an allowance. */
export const LEFT: Steps = ['red', [0, 'orange'], [0.25, 'green']];

function thresholds([first, ...others]: Steps): Threshold[] {
  return [{ value: null, color: first }, ...others.map(([value, color]) => ({ value, color }))];
}

/** The steps as a panel takes them. */
export function stepsBuilder(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds(steps));
}

/** The steps as a field of a table takes them. */
export function stepsConfig(steps: Steps): ThresholdsConfig {
  return { mode: ThresholdsMode.Absolute, steps: thresholds(steps) };
}
