import type { Reader } from '../../config/reading.ts';
import type { Config } from '../../config/types.ts';
import { type FacetLabels, MARKS, recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { statedIncident, timeOf } from '../../report/stated-incident.ts';
import type { Exclusion, IncidentAnswer } from '../../server/api/answers.ts';
import type { Recorded } from '../../store/history.ts';

/** What an incident is shown with. */
export interface IncidentContext {
  readonly config: Pick<Config, 'recovery' | 'severities'>;
  readonly labels: FacetLabels;
  readonly reader: Reader;
}

/** One incident as the API shows it, without its title: that may hold anything. */
export function incidentResponse(recorded: Recorded, context: IncidentContext): IncidentAnswer {
  const { stored, incident } = recorded;
  const { labels } = context;
  const ms = recoveryMs(stored, context.config.recovery.reopened);
  const targetMs = context.config.severities.find(({ name }) => name === labels.severity)?.targetMs;
  return {
    ...statedIncident(recorded, labels),
    updated_at: timeOf(incident.updatedAtMs),
    recovery_minutes: minutes(ms),
    ...durationsOf(incident),
    within_target: ms === undefined || targetMs === undefined ? undefined : ms <= targetMs,
    excluded: exclusionOf({ marks: stored.marks, title: incident.title, ms }, context),
  };
}

function durationsOf({ triggeredAtMs, startedAtMs, ...stamps }: Recorded['incident']) {
  const after = (ms: number | undefined) => minutes(ms === undefined ? undefined : ms - triggeredAtMs);
  return {
    acknowledgement_minutes: after(stamps.acknowledgedAtMs),
    detection_minutes: minutes(startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs),
    identification_minutes: after(stamps.identifiedAtMs),
    mitigation_minutes: after(stamps.mitigatedAtMs),
  };
}

function minutes(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MINUTE_MS;
}

interface Judged {
  readonly marks: number;
  readonly title: string;
  readonly ms: number | undefined;
}

/** The first reason why statistics leave an incident out. */
function exclusionOf({ marks, title, ms }: Judged, { labels, reader }: IncidentContext): Exclusion | undefined {
  for (const mark of ['deleted', 'flagged', 'expired', 'flaky', 'merged'] as const) {
    if ((marks & MARKS[mark]) === MARKS[mark]) return mark;
  }
  if (labels.excluded) return 'filter';
  if (reader.excludesTitle(title)) return 'exclude_titles';
  return ms !== undefined && reader.excludesRecovery(ms) ? 'shorter_than' : undefined;
}
