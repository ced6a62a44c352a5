import type { Incident } from '../../model/incident.ts';
import type { Chain, StateChange } from '../../model/recoveries.ts';
import { consoleUrl, incidentId, placeOf } from './subject.ts';

/** What all incidents of one alarm share. */
export interface AlarmFacts {
  readonly subject: string;
  /** Value of the service tag, else the alarm's name. */
  readonly service: string;
  readonly severityTag: string | undefined;
  /** The alarm's ARN, which stays when the alarm is deleted and made again. */
  readonly arn: string | undefined;
}

/** The incident that a chain of ALARM states is. */
export function incidentOf(chain: Chain<StateChange>, { subject, service, severityTag, arn }: AlarmFacts): Incident {
  const place = placeOf(subject);
  const { anchor, end, endedAtMs } = chain;
  const span = { openedAtMs: anchor.atMs, ...(endedAtMs === undefined ? {} : { closedAtMs: endedAtMs }) };
  return {
    id: incidentId(subject, anchor.atMs),
    ...(end === undefined ? {} : { recoveryKey: `${subject}@${end.atMs}:OK` }),
    subject,
    url: consoleUrl(place),
    title: place.name,
    ...labelsOf({ service, severityTag }),
    status: endedAtMs === undefined ? 'triggered' : 'resolved',
    triggeredAtMs: anchor.atMs,
    ...(endedAtMs === undefined ? {} : { resolvedAtMs: endedAtMs, endKnownFrom: 'state_change' }),
    intervals: [span],
    merged: false,
    ...(chain.state === 'expired' || chain.state === 'flaky' ? { setApart: chain.state } : {}),
    fingerprint: arn ?? subject,
    updatedAtMs: Math.max(endedAtMs ?? 0, end?.atMs ?? 0, (chain.superseded.at(-1) ?? anchor).atMs),
  };
}

type Labels = Pick<AlarmFacts, 'service' | 'severityTag'>;

function labelsOf({ service, severityTag }: Labels): Pick<Incident, 'serviceId' | 'serviceName' | 'severity'> {
  const severity = severityTag === undefined ? {} : { tag: severityTag };
  return { serviceId: service, serviceName: service, severity };
}

/** True when nothing of the incident differs from what its alarm gives it now. */
export function hasFacts(incident: Incident, { subject, service, severityTag, arn }: AlarmFacts): boolean {
  const { serviceName, severity, fingerprint } = incident;
  return serviceName === service && severity.tag === severityTag && fingerprint === (arn ?? subject);
}

/** The incident with what its alarm gives it now. */
export function withFacts(incident: Incident, facts: AlarmFacts): Incident {
  return { ...incident, ...labelsOf(facts), fingerprint: facts.arn ?? facts.subject };
}
