import { createHash } from 'node:crypto';
import type { Incident, Rejection } from '../../model/incident.ts';
import { validate } from '../../model/validity.ts';
import type { Delivery, Received } from '../provider.ts';
import { type MergeRules, mergeAlerts } from './merge-alerts.ts';
import { parseNotification } from './schema.ts';

/** What a notification amounts to; throws `InputError` for anything but version 4 of a `webhook_config`'s body. */
export async function receiveNotification(
  { body, nowMs, stored }: Pick<Delivery, 'body' | 'nowMs' | 'stored'>,
  rules: MergeRules,
): Promise<Received> {
  const { alerts, rejected, truncated } = parseNotification(body);
  const bySubject = Map.groupBy(alerts, ({ subject }) => subject);
  const known = await stored.bySubject([...bySubject.keys()]);
  const incidents: Incident[] = [];
  const refused: Rejection[] = [...rejected];
  for (const [subject, ofSubject] of bySubject) {
    const evidence = {
      alerts: ofSubject,
      heardAtMs: nowMs,
      isReading: false,
      absentSinceMs: new Map<string, number>(),
    };
    for (const incident of mergeAlerts(subject, known.get(subject) ?? [], evidence, rules)) {
      const verdict = validate(incident, nowMs);
      if ('reason' in verdict) refused.push(withoutId(incident.id, verdict));
      else incidents.push(verdict);
    }
  }
  return { incidents, stateChanges: [], rejected: refused, deletedIds: [], replacedSubjects: [], truncated };
}

/** Nobody can be asked for it again. */
function withoutId(id: string, { reason, detail }: Pick<Rejection, 'reason' | 'detail'>): Rejection {
  return { key: createHash('sha256').update(id).digest('hex'), reason, detail };
}
