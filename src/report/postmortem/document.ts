import { z } from 'zod';
import { formatIsoTime } from '../../model/format.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { deploymentBeforeFields, toDeploymentBeforeJson } from '../dora/deployments-before.ts';
import { incidentFields, isoTime, toIncidentJson, toOptionalTime } from '../incident-json.ts';
import { DURATION_KINDS, type Duration, type Facts, RESOLUTION_STATES } from './facts.ts';
import { ALL_PARTS_TO_FILL_IN } from './to-fill-in.ts';

const minutes = z.number();
const count = z.int().min(0);

const Part = z.strictObject({
  key: z.string(),
  title: z.string(),
  question: z.string().optional(),
  points: z.array(z.string()).optional(),
  columns: z.array(z.string()).optional(),
});

/** A review for programs, with what is known; titles and persons are in none. */
export const Postmortem = z
  .strictObject({
    incident: z.strictObject({
      ...incidentFields,
      severity_title: z.string().optional(),
      auto_resolved: z.boolean().optional(),
      merged: z.literal(true).optional(),
      escalations: count.optional(),
      reopenings: count.optional(),
      intervals: z.array(z.strictObject({ opened_at: isoTime, closed_at: isoTime.optional() })),
    }),
    read_until: isoTime.describe('How far its provider was read'),
    not_counted: z.string().optional().describe('Why no statistic counts it'),
    durations: z.array(
      z.strictObject({
        kind: z.enum(DURATION_KINDS),
        minutes,
        target_minutes: minutes.optional(),
        within_target: z.boolean().optional(),
      }),
    ),
    timeline: z.array(z.strictObject({ at: isoTime, minutes_after_trigger: minutes, event: z.string() })),
    investigation: z.strictObject({
      started_at: isoTime.optional().describe('First acknowledged by a person'),
      minutes_to_start: minutes.optional().describe('From trigger to start'),
      identified_at: isoTime.optional(),
      identification_minutes: minutes.optional(),
      mitigated_at: isoTime.optional(),
      mitigation_minutes: minutes.optional(),
    }),
    resolution: z.strictObject({
      state: z.enum(RESOLUTION_STATES),
      resolved_at: isoTime.optional(),
      recovery_minutes: minutes.optional().describe('By recovery.reopened'),
    }),
    recent_changes: z.strictObject({
      known: z.boolean().describe('false: no deployments are read, so an empty list means nothing'),
      changes: z
        .array(z.strictObject(deploymentBeforeFields))
        .describe('Deployments of the service that were live at the trigger, newest first'),
    }),
    similar: z.strictObject({
      count: count.describe('Earlier incidents with the same fingerprint'),
      last: z.array(
        z.strictObject({
          id: z.string(),
          url: z.string().optional(),
          triggered_at: isoTime,
          recovery_minutes: minutes.optional(),
        }),
      ),
    }),
    comparisons: z.array(
      z.strictObject({
        by: z.enum(['service', 'severity']),
        name: z.string(),
        days: count.describe('Before the trigger'),
        resolved: count,
        median_minutes: minutes.optional(),
        mean_minutes: minutes.optional(),
        whole: z.boolean().describe('History covers all of these days'),
      }),
    ),
    to_fill_in: z.array(Part).describe('What only people know, in the order of the review'),
  })
  .describe('A post-incident review, filled in with what is known');
export type Postmortem = z.infer<typeof Postmortem>;

/** The review as data; what is not known is absent. */
export function toPostmortem(facts: Facts): Postmortem {
  const { incident, severity, durations, similar, comparisons } = facts;
  const { triggeredAtMs } = incident;
  return {
    incident: {
      ...toIncidentJson(facts, { service: facts.service, severity: severity.name, team: facts.team }),
      severity_title: severity.title,
      merged: incident.merged ? true : undefined,
    },
    read_until: formatIsoTime(facts.readUntilMs),
    not_counted: facts.exclusionText,
    durations: durations.map(({ kind, minutes: took, targetMinutes }) => ({
      kind,
      minutes: took,
      target_minutes: targetMinutes,
      within_target: targetMinutes === undefined ? undefined : took <= targetMinutes,
    })),
    timeline: facts.events.map(({ atMs, text }) => ({
      at: formatIsoTime(atMs),
      minutes_after_trigger: (atMs - triggeredAtMs) / MINUTE_MS,
      event: text,
    })),
    ...toCourse(facts),
    recent_changes: {
      known: facts.deployments !== undefined,
      changes: (facts.deployments ?? []).map((one) => toDeploymentBeforeJson(one, triggeredAtMs)),
    },
    similar: toSimilar(similar),
    comparisons: comparisons.map((one) => ({
      by: one.grouping,
      name: one.name,
      days: one.days,
      resolved: one.resolved,
      median_minutes: one.medianMinutes,
      mean_minutes: one.meanMinutes,
      whole: one.isWhole,
    })),
    to_fill_in: ALL_PARTS_TO_FILL_IN.map(({ key, title, question, points, table }) => ({
      key,
      title,
      question,
      points: points && [...points],
      columns: table && [...table.head],
    })),
  };
}

function toSimilar({ count, last }: Facts['similar']): Postmortem['similar'] {
  return {
    count,
    last: last.map(({ id, url, triggeredAtMs, minutes: took }) => {
      return { id, url, triggered_at: formatIsoTime(triggeredAtMs), recovery_minutes: took };
    }),
  };
}

/** From the start of the investigation to the end. */
function toCourse({ incident, durations, resolution }: Facts): Pick<Postmortem, 'investigation' | 'resolution'> {
  const findMinutes = (kind: Duration['kind']) => durations.find((one) => one.kind === kind)?.minutes;
  return {
    investigation: {
      started_at: toOptionalTime(incident.acknowledgedAtMs),
      minutes_to_start: findMinutes('acknowledgement'),
      identified_at: toOptionalTime(incident.identifiedAtMs),
      identification_minutes: findMinutes('identification'),
      mitigated_at: toOptionalTime(incident.mitigatedAtMs),
      mitigation_minutes: findMinutes('mitigation'),
    },
    resolution: {
      state: resolution,
      resolved_at: toOptionalTime(incident.resolvedAtMs),
      recovery_minutes: findMinutes('recovery'),
    },
  };
}
