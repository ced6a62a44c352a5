import {
  type DynamicConfigValue,
  MappingType,
  SpecialValueMatch,
  type Threshold,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

/**
 * Colours of verdicts, the same in both themes. Grafana writes dark text on those that are brighter than 180 of 255 and white
 * text on the others; each of these can be read with its text.
 */
export const VERDICTS = { good: '#1E7B34', notice: '#F2CC0C', warning: '#FFB357', bad: '#C4162A' } as const;

type Verdict = keyof typeof VERDICTS;

/** Where nothing is known nothing is judged. */
const ABSENT: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: 'no data', color: 'transparent', index: 99 } },
};

/** Puts words, and where they judge colours, in the place of numbers; absent values stay without colour. */
function words(texts: Readonly<Record<number, readonly [text: string, verdict?: Verdict]>>): ValueMapping[] {
  const options = Object.entries(texts).map(([value, [text, verdict]], index) => [
    value,
    { text, index, ...(verdict === undefined ? {} : { color: VERDICTS[verdict] }) },
  ]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

/** The mappings of a panel or column, with the one for absent values. */
export function withAbsent(mappings: readonly ValueMapping[] = []): ValueMapping[] {
  return [...mappings, ABSENT];
}

/** Levels for the numbers that `performanceLevel` makes. */
export const LEVELS = words({
  1: ['elite', 'good'],
  2: ['high', 'notice'],
  3: ['medium', 'warning'],
  4: ['low', 'bad'],
});
/** 1 is good, 0 is not. */
export const YES_NO = words({ 1: ['yes', 'good'], 0: ['no', 'bad'] });
/** A setting: neither is better. */
export const SETTING = words({ 1: ['yes'], 0: ['no'] });
/** A count whose zero is best said in a word. */
export const NONE = words({ 0: ['none'] });

/** The first verdict holds below all of the others' bounds. */
export type Steps = readonly [first: Verdict, ...(readonly [from: number, verdict: Verdict])[]];

/** Anything above zero needs a look. */
export const NONE_IS_GOOD: Steps = ['good', [0.000001, 'warning']];
/** Change of a mean; a fifth is more than the usual noise of a dozen incidents. */
export const SLOWER_IS_BAD: Steps = ['good', [0.05, 'notice'], [0.2, 'bad']];
/** A share that should reach 1. */
export const MORE_IS_GOOD: Steps = ['bad', [0.75, 'warning'], [0.9, 'good']];
/** What is left of an amount that is allowed. */
export const LEFT: Steps = ['bad', [0, 'good']];
/** A share of what is allowed: all of it is used at 1. */
export const SHARE_OF_LIMIT: Steps = ['good', [0.75, 'notice'], [1, 'bad']];
/** What is left of what is allowed: the same verdicts as of the share that is used. */
export const SHARE_LEFT: Steps = ['bad', [0, 'notice'], [0.25, 'good']];
/** Causes that come back. */
export const FEW_REPEATS: Steps = ['good', [0.1, 'warning']];
/** A share of deployments; the bounds are those of the levels (dora.levels). */
export const MORE_FAILURES_ARE_BAD: Steps = ['good', [0.1500001, 'notice'], [0.3000001, 'warning'], [0.4500001, 'bad']];
/** Seconds since the last successful poll. */
export const FRESH: Steps = ['good', [600, 'warning'], [3600, 'bad']];

function thresholds([first, ...others]: Steps): Threshold[] {
  return [
    { value: null, color: VERDICTS[first] },
    ...others.map(([value, verdict]) => ({ value, color: VERDICTS[verdict] })),
  ];
}

/** The steps as a field of a table takes them. */
export function stepsConfig(steps: Steps): ThresholdsConfig {
  return { mode: ThresholdsMode.Absolute, steps: thresholds(steps) };
}

/** The steps as a panel takes them; without steps nothing is judged. */
export function stepsBuilder(steps: Steps | undefined): ThresholdsConfigBuilder {
  const list = steps === undefined ? [{ value: null, color: NEUTRAL }] : thresholds(steps);
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list);
}

/** What takes the verdict of its panel from one of its series. */
export const UNJUDGED: readonly DynamicConfigValue[] = [
  { id: 'color', value: { mode: 'fixed', fixedColor: 'transparent' } },
];

/** Of what has no severity and no verdict. */
export const NEUTRAL = '#1F60C4';

/**
 * The numbers in the names of severities (P1, SEV1, sev-1, S1) with their colours. An override of Grafana matches names and knows
 * no ranks, so a configuration with names of another kind changes them here.
 */
export const SEVERITY_COLOURS = [
  [0, '#8F3BB8'],
  [1, '#C4162A'],
  [2, '#FA6400'],
  [3, '#D9A400'],
  [4, '#3274D9'],
  [5, '#8E8E8E'],
] as const;

/** The colour of openings of the worst severity, whatever it is called. */
export const WORST_COLOUR = '#C4162A';

interface Override {
  readonly pattern: string;
  readonly properties: DynamicConfigValue[];
}

/** Gives each series whose name begins with a severity the colour of that severity. */
export function severityOverrides(): Override[] {
  return SEVERITY_COLOURS.map(([number, fixedColor]) => ({
    pattern: `/^(P|S|SEV)[ _-]?${number}\\b/i`,
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  }));
}
