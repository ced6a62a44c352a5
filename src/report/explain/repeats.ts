import type { Member } from './collect.ts';
import type { Arithmetic } from './explanation.ts';

/** What an incident is called, by the row that keeps it. */
export type NameOf = (row: number) => { readonly provider: string; readonly id: string };

/** Fingerprints that are listed, and incidents of each. */
const GROUPS_MAX = 20;
const INCIDENTS_MAX = 10;
/** Digits of a digest: 52 bits. */
const DIGEST_DIGITS = 13;

/** The share of incidents whose fingerprint an earlier one has: all but the first of each. */
export function repeatShare(members: readonly Member[], nameOf: NameOf): { value: number; arithmetic: Arithmetic } {
  const groups = Map.groupBy(members, ({ fingerprint }) => fingerprint);
  const repeated = [...groups].filter(([, { length }]) => length > 1).sort(([, a], [, b]) => b.length - a.length);
  const opened = members.length;
  return {
    value: (opened - groups.size) / opened,
    arithmetic: {
      kind: 'repeat',
      opened,
      fingerprints: groups.size,
      repeated_fingerprints: repeated.length,
      repeated: repeated.slice(0, GROUPS_MAX).map(([fingerprint, group]) => ({
        fingerprint: fingerprint.toString(16).padStart(DIGEST_DIGITS, '0'),
        count: group.length,
        incidents: group
          .toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs)
          .slice(0, INCIDENTS_MAX)
          .map(({ row, triggeredAtMs }) => ({ ...nameOf(row), triggered_at: new Date(triggeredAtMs).toISOString() })),
      })),
    },
  };
}
