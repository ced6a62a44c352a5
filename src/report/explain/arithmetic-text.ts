import type { Arithmetic, Explanation } from './explanation.ts';
import { incidentsText, numberText } from './words.ts';

/** The way from the incidents to the value, one step a line. */
export function arithmeticLines({ arithmetic, value, labels, window }: Explanation): string[] {
  if (arithmetic === undefined) return [];
  const result = value === undefined ? 'none' : numberText(value);
  switch (arithmetic.kind) {
    case 'mean':
      return [`${numberText(arithmetic.sum_minutes)} minutes ÷ ${incidentsText(arithmetic.count)} = ${result} minutes`];
    case 'quantile':
      return quantileLines(arithmetic, result);
    case 'extreme':
      return [
        `${arithmetic.incident.id} at rank ${arithmetic.incident.rank} of ${arithmetic.count}: ${result} minutes`,
      ];
    case 'deviation':
      return [
        `mean = ${numberText(arithmetic.mean_minutes)} minutes`,
        `sum of the squared distances from the mean = ${numberText(arithmetic.squares)} minutes²`,
        `√(${numberText(arithmetic.squares)} ÷ (${arithmetic.count} − 1)) = ${result} minutes`,
      ];
    case 'count':
      return [
        `${incidentsText(arithmetic.count)}${Object.keys(labels).length > 0 ? ' of these labels' : ''} in ${window}`,
      ];
    case 'share':
      return [
        `${arithmetic.part} of ${incidentsText(arithmetic.of)}: ${arithmetic.part} ÷ ${arithmetic.of} = ${result}`,
      ];
    case 'repeat':
      return repeatLines(arithmetic, result);
    default:
      return timeLines(arithmetic, result);
  }
}

function quantileLines(
  { quantile, count, position, below, above }: Extract<Arithmetic, { kind: 'quantile' }>,
  result: string,
): string[] {
  const lines = [
    `${incidentsText(count)}, shortest first: the place is (${count} − 1) × ${quantile} = ${numberText(position)}, from 0`,
  ];
  if (below.rank === above.rank) return [...lines, `that is the ${rankText(below)} = ${result} minutes`];
  const fraction = numberText(position - Math.floor(position));
  const span = `${numberText(above.minutes)} − ${numberText(below.minutes)}`;
  return [
    ...lines,
    `that is between the ${rankText(below)} and the ${rankText(above)}`,
    `${numberText(below.minutes)} + ${fraction} × (${span}) = ${result} minutes`,
  ];
}

function rankText({ rank, minutes, id }: { rank: number; minutes: number; id: string }): string {
  return `incident at rank ${rank} (${id}: ${numberText(minutes)} minutes)`;
}

function repeatLines(
  { opened, fingerprints, repeated, repeated_fingerprints: all }: Extract<Arithmetic, { kind: 'repeat' }>,
  result: string,
): string[] {
  const groups = repeated.map(
    ({ fingerprint, count, incidents }) => `trouble ${fingerprint}: ${count} times (${namesText(incidents, count)})`,
  );
  const rest = all - repeated.length;
  return [
    `${incidentsText(opened)} of ${fingerprints} different troubles`,
    `(${opened} − ${fingerprints}) ÷ ${opened} = ${result}`,
    ...groups,
    ...(rest > 0 ? [`and ${rest} more troubles that came more than once`] : []),
  ];
}

/** Incidents of one trouble that a person is told; a program gets more. */
const NAMED_MAX = 3;

function namesText(incidents: readonly { readonly id: string }[], count: number): string {
  const names = incidents.slice(0, NAMED_MAX).map(({ id }) => id);
  return [...names, ...(count > names.length ? ['…'] : [])].join(', ');
}

function timeLines(arithmetic: Extract<Arithmetic, { kind: 'free' | 'between_failures' }>, result: string): string[] {
  const { covered_from: from, covered_to: to, covered_minutes: covered, busy_minutes: busy } = arithmetic;
  const free = `${numberText(covered)} − ${numberText(busy)}`;
  return [
    `covered: ${from} to ${to} = ${numberText(covered)} minutes`,
    `with at least one incident open: ${numberText(busy)} minutes (overlaps count once)`,
    arithmetic.kind === 'free'
      ? `(${free}) ÷ ${numberText(covered)} = ${result}`
      : `(${free}) ÷ ${incidentsText(arithmetic.opened)} opened = ${result} minutes`,
  ];
}
