import type { Incident } from '../../model/incident.ts';

/** Something that happened; never by whom. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

/** What happened, in order; at one instant in the order in which such things follow each other. */
export function eventsOf(incident: Incident): Event[] {
  const { startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs, escalatedAtMs = [] } = incident;
  const event = (text: string, atMs: number | undefined): Event[] => (atMs === undefined ? [] : [{ atMs, text }]);
  const events = [
    ...event('Impact began', startedAtMs),
    ...openings(incident),
    ...event('Acknowledged', acknowledgedAtMs),
    ...escalatedAtMs.flatMap((atMs, place) =>
      event(escalatedAtMs.length > 1 ? `Escalated (${place + 1})` : 'Escalated', atMs),
    ),
    ...event('Cause identified', identifiedAtMs),
    ...event('Mitigated', mitigatedAtMs),
    ...closings(incident),
  ];
  return events.sort((a, b) => a.atMs - b.atMs);
}

function openings({ intervals, triggeredAtMs }: Incident): Event[] {
  return [
    { atMs: triggeredAtMs, text: 'Triggered' },
    ...intervals.slice(1).map(({ openedAtMs }) => ({ atMs: openedAtMs, text: 'Reopened' })),
  ];
}

function closings({ intervals, merged, autoResolved, exclusion }: Incident): Event[] {
  return intervals.flatMap(({ closedAtMs }, place) => {
    if (closedAtMs === undefined) return [];
    if (place < intervals.length - 1) return [{ atMs: closedAtMs, text: 'Resolved, for a time' }];
    if (merged) return [{ atMs: closedAtMs, text: 'Merged into another incident' }];
    if (exclusion === 'expired') return [{ atMs: closedAtMs, text: 'Given up as lost' }];
    return [{ atMs: closedAtMs, text: autoResolved === true ? 'Resolved automatically' : 'Resolved' }];
  });
}
