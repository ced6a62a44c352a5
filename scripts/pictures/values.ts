import type { Field, Thresholds } from './dashboard.ts';

/** Grafana's colours by the names that dashboards use. */
const COLOURS: Readonly<Record<string, string>> = {
  green: '#73bf69',
  yellow: '#fade2a',
  orange: '#ff9830',
  red: '#f2495c',
  blue: '#5794f2',
};

/** For series that are told apart by colour only. */
const PALETTE = [
  '#73bf69',
  '#f2cc0c',
  '#8ab8ff',
  '#ff780a',
  '#f2495c',
  '#5794f2',
  '#b877d9',
  '#b7dbab',
  '#ffcb7d',
  '#6ed0e0',
];

/** A value as a panel shows it. */
export interface Shown {
  readonly text: string;
  readonly colour: string;
}

/** The colour of the series at a place. */
export function seriesColour(place: number): string {
  return PALETTE[place % PALETTE.length] ?? PALETTE.join();
}

function colour(name: string): string {
  const known = COLOURS[name];
  if (known === undefined)
    throw new Error(`no colour is known for ${name}; expected one of ${Object.keys(COLOURS).join(', ')}`);
  return known;
}

function judged(value: number, thresholds: Thresholds | undefined): string {
  const reached = thresholds?.steps.filter((step) => step.value === null || value >= step.value).at(-1);
  return colour(reached?.color ?? 'blue');
}

/** A value with its unit and the colour that mappings, else thresholds give it; `nowMs` is what ages are counted to. */
export function shown(value: number, field: Field, nowMs: number): Shown {
  for (const { options } of field.mappings) {
    const mapped = options[String(value)];
    if (mapped !== undefined) return { text: mapped.text, colour: colour(mapped.color) };
  }
  return { text: written(value, field, nowMs), colour: judged(value, field.thresholds) };
}

interface Scale {
  readonly of: number;
  readonly suffix: string;
  /** Where it is another word behind anything but one. */
  readonly many?: string;
}

const ONE: Scale = { of: 1, suffix: '' };

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Each from the smallest; a value takes the largest that it reaches. */
const SECONDS: readonly Scale[] = [
  { of: 1e-6, suffix: ' µs' },
  { of: 1e-3, suffix: ' ms' },
  { of: 1, suffix: ' s' },
  { of: MINUTE_S, suffix: ' min' },
  { of: HOUR_S, suffix: ' hour', many: ' hours' },
  { of: DAY_S, suffix: ' day', many: ' days' },
  { of: 7 * DAY_S, suffix: ' week', many: ' weeks' },
];
const BYTES: readonly Scale[] = ['B', 'KiB', 'MiB', 'GiB'].map((unit, power) => ({
  of: 1024 ** power,
  suffix: ` ${unit}`,
}));
const COUNTS: readonly Scale[] = ['', ' K', ' Mil'].map((suffix, power) => ({ of: 1000 ** power, suffix }));
const RATES: readonly Scale[] = [{ of: 1, suffix: ' req/s' }];

function scaled(value: number, scales: readonly Scale[], decimals: number | undefined): string {
  const reached = scales.findLast(({ of }) => Math.abs(value) >= of) ?? scales[0] ?? ONE;
  const { of, suffix, many = suffix } = value === 0 ? (scales.find((scale) => scale.of === 1) ?? ONE) : reached;
  const number = rounded(value / of, decimals);
  return `${number}${number === '1' ? suffix : many}`;
}

/** Three digits that matter, unless told otherwise. */
function rounded(value: number, decimals: number | undefined): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}

function ago(atMs: number, nowMs: number): string {
  const seconds = (nowMs - atMs) / 1000;
  if (seconds < MINUTE_S) return 'a few seconds ago';
  const [size, word] = [[DAY_S, 'day'] as const, [HOUR_S, 'hour'] as const, [MINUTE_S, 'minute'] as const].find(
    ([of]) => seconds >= of,
  ) ?? [1, 'second'];
  const count = Math.round(seconds / size);
  return count === 1 ? `${word === 'hour' ? 'an' : 'a'} ${word} ago` : `${count} ${word}s ago`;
}

/** A number with its unit as Grafana writes it; throws for a unit that no dashboard had so far. */
export function written(value: number, { unit, decimals }: Pick<Field, 'unit' | 'decimals'>, nowMs: number): string {
  switch (unit) {
    case 'none':
      return scaled(value, Math.abs(value) >= 10_000 ? COUNTS : [ONE], decimals);
    case 'm':
      return scaled(value * MINUTE_S, SECONDS, decimals);
    case 's':
      return scaled(value, SECONDS, decimals);
    case 'percentunit':
      return `${rounded(100 * value, decimals)}%`;
    case 'bytes':
      return scaled(value, BYTES, decimals);
    case 'reqps':
      return scaled(value, RATES, decimals);
    case 'dateTimeFromNow':
      return ago(value, nowMs);
    default:
      throw new Error(`no way is known to write the unit ${unit}`);
  }
}
