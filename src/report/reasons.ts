import type { History } from '../store/history.ts';
import { EXCLUSION_TEXTS, EXCLUSIONS, type Exclusion } from './exclusion.ts';
import type { StoredState } from './notes.ts';
import { localTime, type Period } from './period.ts';
import type { Survey } from './survey.ts';

export interface ReasonsInput {
  readonly known: readonly StoredState[];
  readonly seen: Survey;
  readonly period: Period;
  /** Severities, services or teams were asked for. */
  readonly isFiltered: boolean;
  readonly history: History;
}

/** The likely reasons why nothing was resolved in a period: credentials, filter, range, nothing closed yet. */
export function reasonsOf(input: ReasonsInput): string[] {
  const { known, history } = input;
  const unread = history.providers.filter(({ isSynced }) => !isSynced).map(({ name }) => name);
  const credentials =
    unread.length === 0
      ? []
      : [
          `credentials, or an incomplete first sync: not read to the end yet: ${unread.join(', ')}; mttr-exporter doctor says what is wrong`,
        ];
  if (known.length === 0) return credentials;
  if (known.every(({ isOverall }) => !isOverall)) {
    return [...credentials, 'filter: every provider is kept out of all numbers but its own (overall: false)'];
  }
  return [...credentials, ...byFilter(input), ...byRange(input), ...byState(input)];
}

function byFilter({ seen: { resolvedElsewhere, excluded }, isFiltered }: ReasonsInput): string[] {
  const elsewhere = `${incidents(resolvedElsewhere)} resolved in the period, but outside of what was asked for`;
  const uncounted = EXCLUSIONS.flatMap((exclusion) => {
    const count = excluded.get(exclusion);
    return count === undefined ? [] : [uncountedText(exclusion, count)];
  });
  return [...(isFiltered && resolvedElsewhere > 0 ? [`filter: ${elsewhere}`] : []), ...uncounted];
}

/** Begins with the reason in one word: `filter`, `deleted`, `flaky` … */
function uncountedText(exclusion: Exclusion, count: number): string {
  const kind =
    exclusion === 'deleted' || exclusion === 'flagged' || exclusion === 'expired' || exclusion === 'flaky'
      ? exclusion
      : 'filter';
  const many =
    count === 1 ? '1 incident ended in the period, but does' : `${count} incidents ended in the period, but do`;
  return `${kind}: ${many} not count: ${EXCLUSION_TEXTS[exclusion]}`;
}

function byRange({ seen: { lastResolvedAtMs }, period: { timezone } }: ReasonsInput): string[] {
  if (lastResolvedAtMs === undefined) return [];
  return [`range: the last recovery was ${localTime(lastResolvedAtMs, timezone)}, outside of the period`];
}

function byState({ seen, isFiltered }: ReasonsInput): string[] {
  const { openNow, lastResolvedAtMs, resolvedElsewhere, excluded } = seen;
  if (openNow > 0) return [`nothing closed yet: open incidents: ${openNow}`];
  if (lastResolvedAtMs !== undefined || resolvedElsewhere + excluded.size > 0) return [];
  if (isFiltered) return ['filter: nothing of what was asked for was resolved at any time'];
  return [
    'credentials: no incident was found at all, which may be true, or the key may see nothing; mttr-exporter doctor says which',
  ];
}

function incidents(count: number): string {
  return count === 1 ? '1 incident was' : `${count} incidents were`;
}
