import { RequestError } from '../http/errors.ts';
import { messageOf } from '../model/error-message.ts';
import type { Incident, SeveritySources } from '../model/incident.ts';

/** Parameters of a probe of all calls. */
export interface ProbeRequest {
  readonly nowMs: number;
  /** Start of the wanted history, by creation time. */
  readonly historyStartMs: number;
  readonly signal: AbortSignal;
}

/** One kind of request that polls make. */
export interface ProbeCall {
  /** Name as in the platform's API reference; unique within a report. */
  readonly call: string;
  /** Without it there are no recovery times at all. */
  readonly isNeeded: boolean;
  /** What is missing when it fails. */
  readonly impact: string;
}

/**
 * How a call went: `unreachable` without a response; `unauthorised` when the credentials were not accepted; `refused`
 * when they lack the permission or the account lacks the feature; `failed` for any other response; `skipped` when not made.
 */
export type ProbeOutcome = 'ok' | 'unreachable' | 'unauthorised' | 'refused' | 'failed' | 'skipped';

/** The result of one call, or why it was skipped. */
export interface Probe extends ProbeCall {
  readonly outcome: ProbeOutcome;
  /** The platform's error, or why the call was skipped; absent on success. */
  readonly message?: string;
}

/** The fields of an incident that become labels, and its start. */
export type IncidentSample = Pick<Incident, 'serviceId' | 'serviceName' | 'team' | 'severity' | 'triggeredAtMs'>;

/** The newest incidents. */
export interface FirstPage {
  readonly incidents: readonly IncidentSample[];
  /** Number of records that could not be parsed. */
  readonly rejected: number;
  /** Why the first of these could not be parsed. */
  readonly detail: string | undefined;
  /** Number of incidents in the whole wanted history, where the platform reports it. */
  readonly total: number | undefined;
}

/** Services that the platform lists, with or without incidents. */
export interface ListedServices {
  readonly names: readonly string[];
  /** Number of services, including those not named here. */
  readonly count: number;
  /** False when the platform has more than were requested. */
  readonly isAll: boolean;
}

/** Estimated number of requests. */
export interface RequestEstimate {
  /** Of one idle poll. */
  readonly perPoll: number;
  /** In addition, per hour. */
  readonly perHour: number;
  readonly firstSync: number;
  /** False when the first sync was estimated from the first page instead of reported by the platform. */
  readonly isExact: boolean;
  /** Number of rate limits that share the requests (CloudWatch: one per region). */
  readonly rateLimitCount: number;
  /** Published price of 1,000 requests in US dollars, for platforms that bill them. */
  readonly usdPerThousand?: number;
}

/** What the newest deployments of one repository show. */
export interface SeenDeployments {
  /** Repositories that the configuration finds. */
  readonly repositories: number;
  /** Those that are named in full and cannot be read. */
  readonly refused: readonly string[];
  readonly count: number;
  readonly environments: readonly string[];
  /** Those that the configuration does not name: they are not read. */
  readonly unknownEnvironments: readonly string[];
}

/** Result of probing all calls; what could not be determined is absent. */
export interface ProbeReport {
  readonly probes: readonly Probe[];
  /** Where the requests went, and what to try when the credentials were not accepted there. */
  readonly region: { readonly name: string; readonly hint?: string };
  readonly firstPage?: FirstPage | undefined;
  readonly services?: ListedServices | undefined;
  /** Severities that the platform lists, with or without incidents. */
  readonly severities?: readonly SeveritySources[] | undefined;
  readonly estimate?: RequestEstimate | undefined;
  /** Only of sources of deployments. */
  readonly deployments?: SeenDeployments | undefined;
}

/** Makes calls one after the other and records the result of each. */
export interface ProbeRunner {
  readonly list: readonly Probe[];
  /** The response; undefined when the call failed, or was skipped because of an earlier failure. */
  run<Response>(call: ProbeCall, request: () => Promise<Response>): Promise<Response | undefined>;
  /** Records why a call was not made. */
  skip(call: ProbeCall, why: string): void;
}

/** HTTP statuses of an account whose plan (402) or key (403) lacks a permission. */
const REFUSED_STATUSES: readonly (number | undefined)[] = [402, 403];

/** Classifies an error by its HTTP status; a response of an unexpected shape is `failed`. */
export function classifyProbeError(
  error: unknown,
  { isNeeded }: Pick<ProbeCall, 'isNeeded'>,
): Exclude<ProbeOutcome, 'ok' | 'skipped'> {
  if (!(error instanceof RequestError)) return 'failed';
  if (error.status === undefined) return 'unreachable';
  if (error.status === 401) return 'unauthorised';
  // A call that every account has answers 404 only at a wrong address; others may not be available to this account.
  if (error.status === 404 && !isNeeded) return 'refused';
  return REFUSED_STATUSES.includes(error.status) ? 'refused' : 'failed';
}

/**
 * A runner that ends with the signal. After a call without response, after unaccepted credentials, or after a failure of the
 * very first call, all further calls are skipped.
 */
export function createProbeRunner(
  signal: AbortSignal,
  classify: typeof classifyProbeError = classifyProbeError,
): ProbeRunner {
  const list: Probe[] = [];
  const findBlocker = () => {
    const blocking = list.find((probe) => isBlocking(probe, list));
    return blocking && `not asked, because of ${blocking.call}`;
  };

  function record(call: ProbeCall, outcome: ProbeOutcome, message?: string): void {
    list.push(message === undefined ? { ...call, outcome } : { ...call, outcome, message });
  }

  return {
    list,
    skip: (call, why) => record(call, 'skipped', findBlocker() ?? why),
    async run(call, request) {
      const reason = findBlocker();
      if (reason !== undefined) {
        record(call, 'skipped', reason);
        return undefined;
      }
      try {
        signal.throwIfAborted();
        const response = await request();
        record(call, 'ok');
        return response;
      } catch (error) {
        const outcome = signal.aborted ? 'unreachable' : classify(error, call);
        record(call, outcome, messageOf(signal.aborted ? signal.reason : error));
        return undefined;
      }
    },
  };
}

function isBlocking({ outcome }: Probe, list: readonly Probe[]): boolean {
  if (outcome === 'unreachable' || outcome === 'unauthorised') return true;
  return outcome === 'failed' && !list.some((one) => one.outcome === 'ok');
}

interface NewestPage {
  /** Start of each record of the newest page. */
  readonly timesMs: readonly number[];
  /** False when there are older ones. */
  readonly isAll: boolean;
  /** The requested time range. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Estimates the number of records in the whole range from the rate of its newest page. */
export function estimateRecords({ timesMs, isAll, fromMs, toMs }: NewestPage): number {
  const oldestMs = timesMs.reduce((least, ms) => Math.min(least, ms), toMs);
  if (isAll || oldestMs >= toMs) return timesMs.length;
  return Math.ceil((timesMs.length * (toMs - fromMs)) / (toMs - oldestMs));
}
