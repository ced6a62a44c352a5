import type { MappedLabels } from '../../config/label-mapper.ts';
import type { Config, SeverityConfig } from '../../config/types.ts';
import type { Incident } from '../../model/incident.ts';
import { recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { StatisticsSettings } from '../../stats/rows.ts';
import type { Recorded } from '../../store/history.ts';
import { EXCLUSION_TEXTS, findExclusion, toLabels } from '../exclusion.ts';
import { reachOf } from '../timeline.ts';
import { type Comparison, type ComparisonInput, comparisonsOf } from './comparison.ts';
import { type Event, eventsOf } from './events.ts';
import { type Similar, similarTo } from './similar.ts';

export interface FactsInput extends ComparisonInput {
  readonly severities: Config['severities'];
}

/** One duration, beside what was aimed at where there is such an aim. */
export interface Measured {
  readonly kind: 'detection' | 'acknowledgement' | 'identification' | 'mitigation' | 'recovery' | 'open so far';
  readonly minutes: number;
  readonly targetMinutes: number | undefined;
}

/** All that is known of an incident before people add what they know; no person is in it. */
export interface Facts {
  readonly provider: string;
  readonly incident: Incident;
  readonly service: string;
  /** `none` without one. */
  readonly team: string;
  readonly severity: Pick<SeverityConfig, 'name' | 'title'>;
  /** Why no statistic counts it; undefined for those that are counted. */
  readonly uncounted: string | undefined;
  /** How far its provider was read. */
  readonly readUntilMs: number;
  readonly durations: readonly Measured[];
  readonly events: readonly Event[];
  readonly similar: Similar;
  readonly comparisons: readonly Comparison[];
  readonly reopened: StatisticsSettings['reopened'];
}

/** Gathers what is known of an incident; goes over the history twice. */
export function gatherFacts(input: FactsInput): Facts {
  const { history, recorded, settings, severities } = input;
  const { provider, stored, incident } = recorded;
  const reading = readingOf(input);
  const severity = severities.find(({ name }) => name === reading.severity.name);
  const state = history.providers.find(({ name }) => name === provider);
  const readUntilMs = (state === undefined ? undefined : reachOf(state)?.readUntilMs) ?? incident.updatedAtMs;
  return {
    provider,
    incident,
    service: reading.service,
    team: reading.team,
    severity: severity ?? { name: reading.severity.name, title: undefined },
    uncounted: uncountedReason(input, reading),
    readUntilMs,
    durations: durationsOf({ recorded, severity, readUntilMs, reopened: settings.reopened }),
    events: eventsOf(incident),
    similar: similarTo(stored, { history, reopened: settings.reopened }),
    comparisons: comparisonsOf(input),
    reopened: settings.reopened,
  };
}

function readingOf({ history, recorded: { provider, stored }, reader }: FactsInput): MappedLabels {
  const reading = reader(provider)?.facet(history.facet(stored.facet));
  if (reading === undefined) throw new Error(`no provider is called ${provider}`);
  return reading;
}

function uncountedReason({ recorded, reader, settings }: FactsInput, reading: MappedLabels): string | undefined {
  const { stored, incident, provider } = recorded;
  const own = reader(provider);
  if (own === undefined) return undefined;
  const subject = { ...stored, title: incident.title, recoveryMs: recoveryMs(stored, settings.reopened) };
  const exclusion = findExclusion(subject, toLabels(reading), own) ?? (incident.merged ? 'merged' : undefined);
  return exclusion === undefined ? undefined : EXCLUSION_TEXTS[exclusion];
}

interface DurationsInput {
  readonly recorded: Recorded;
  readonly severity: SeverityConfig | undefined;
  readonly readUntilMs: number;
  readonly reopened: StatisticsSettings['reopened'];
}

function durationsOf({ recorded, severity, readUntilMs, reopened }: DurationsInput): Measured[] {
  const { incident, stored } = recorded;
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const measured = (kind: Measured['kind'], ms: number | undefined, targetMs?: number): Measured[] => {
    const targetMinutes = targetMs === undefined ? undefined : targetMs / MINUTE_MS;
    return ms === undefined ? [] : [{ kind, minutes: ms / MINUTE_MS, targetMinutes }];
  };
  const since = (ms: number | undefined) => (ms === undefined ? undefined : ms - triggeredAtMs);
  const isOpen = incident.resolvedAtMs === undefined && !incident.merged && incident.exclusion === undefined;
  return [
    ...measured('detection', startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs),
    ...measured('acknowledgement', since(acknowledgedAtMs), severity?.acknowledgeMs),
    ...measured('identification', since(identifiedAtMs)),
    ...measured('mitigation', since(mitigatedAtMs)),
    ...measured('recovery', recoveryMs(stored, reopened), severity?.targetMs),
    ...measured('open so far', isOpen ? Math.max(0, readUntilMs - triggeredAtMs) : undefined, severity?.targetMs),
  ];
}
