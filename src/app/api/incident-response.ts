import type { Reader } from '../../config/reading.ts';
import type { Config } from '../../config/types.ts';
import { formatIsoTime } from '../../model/format.ts';
import { type FacetLabels, recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { findApiExclusion } from '../../report/exclusion.ts';
import { toIncidentJson } from '../../report/incident-json.ts';
import type { IncidentAnswer } from '../../server/api/answers.ts';
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
  const { labels, reader } = context;
  const ms = recoveryMs(stored, context.config.recovery.reopened);
  const targetMs = context.config.severities.find(({ name }) => name === labels.severity)?.targetMs;
  return {
    ...toIncidentJson(recorded, labels),
    updated_at: formatIsoTime(incident.updatedAtMs),
    recovery_minutes: minutes(ms),
    ...durationsOf(incident),
    within_target: ms === undefined || targetMs === undefined ? undefined : ms <= targetMs,
    excluded: findApiExclusion({ marks: stored.marks, title: incident.title, recoveryMs: ms }, labels, reader),
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
