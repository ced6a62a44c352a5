import { type SeverityConfig, STAGES, type Stage } from '../../config/types.ts';
import { FLAGS, type IncidentSummary, type RecoveryRules, recoveryMs } from '../../model/stored.ts';
import type { BusinessTime } from '../../stats/business-hours.ts';
import { STAGE_STATISTICS, type Statistic } from '../../stats/rows.ts';
import type { ReportedProvider } from '../timeline.ts';
import type { Reason } from './explanation.ts';

/** In the number with what it adds: milliseconds, or 1 or 0. */
export interface Counted {
  readonly value: number;
}

/** Not in the number, and how far it is from being in. */
export interface NotCounted {
  readonly reason: Reason;
  /** Milliseconds outside the window. */
  readonly outsideMs?: number;
}

export interface ContributionInput {
  readonly incident: IncidentSummary;
  /** As `recovery` counts it, in milliseconds. */
  readonly recovery: number;
  readonly provider: Pick<ReportedProvider, 'hasEscalations' | 'hasReopens'>;
  /** Undefined for one that is configured no more. */
  readonly severity: SeverityConfig | undefined;
  readonly rules: RecoveryRules;
  /** Recovery target of its service and severity. */
  readonly targetMs: number | undefined;
  /** Undefined where no business hours are configured. */
  readonly businessTime: BusinessTime | undefined;
}

/** What a resolved incident adds to a statistic, or what it lacks for that. */
export function findContribution(statistic: Statistic, input: ContributionInput): Counted | NotCounted {
  const { incident, recovery, provider, severity, targetMs, rules, businessTime } = input;
  const stage = STAGES.find((one) => STAGE_STATISTICS[one] === statistic);
  if (stage !== undefined) return judgeStage(stage, incident, severity);
  switch (statistic) {
    case 'resolved':
    case 'baselineResolved':
      return { value: 1 };
    case 'mttd':
      return toDuration(measureStage('detection', incident));
    case 'mtta':
      return toDuration(measureStage('acknowledgement', incident));
    case 'mtti':
      return toDuration(measureStage('identification', incident));
    case 'mttm':
      return toDuration(measureStage('mitigation', incident));
    case 'withinTarget':
      return targetMs === undefined ? { reason: 'no_target' } : { value: Number(recovery <= targetMs) };
    case 'escalated':
      return provider.hasEscalations ? toFlag(incident, 'escalated') : { reason: 'not_told' };
    case 'reopened':
      return provider.hasReopens ? toFlag(incident, 'reopened') : { reason: 'not_told' };
    case 'businessMttr':
      return { value: businessTime === undefined ? 0 : (recoveryMs(incident, rules, businessTime) ?? 0) };
    default:
      return { value: recovery };
  }
}

function toFlag({ flags }: IncidentSummary, flag: 'escalated' | 'reopened'): Counted {
  return { value: Number((flags & FLAGS[flag]) !== 0) };
}

function judgeStage(stage: Stage, incident: IncidentSummary, severity: SeverityConfig | undefined) {
  const targetMs = severity?.stageTargetsMs[stage];
  if (targetMs === undefined) return { reason: 'no_target' } as const;
  const ms = measureStage(stage, incident);
  return ms === undefined ? ({ reason: 'no_stamp' } as const) : { value: Number(ms <= targetMs) };
}

/** Milliseconds of one clock; undefined where a timestamp is missing. */
function measureStage(stage: Stage, incident: IncidentSummary): number | undefined {
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  if (stage === 'detection') return startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs;
  const ends = { acknowledgement: acknowledgedAtMs, identification: identifiedAtMs, mitigation: mitigatedAtMs };
  const endMs = ends[stage];
  return endMs === undefined ? undefined : endMs - triggeredAtMs;
}

function toDuration(ms: number | undefined): Counted | NotCounted {
  return ms === undefined ? { reason: 'no_stamp' } : { value: ms };
}
