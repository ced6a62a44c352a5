import { hash } from 'node:crypto';
import { builtinMappings } from '../../imports/builtin-mappings.ts';
import type { ReadContext } from '../../imports/field-values.ts';
import { parseIncident } from '../../imports/parse-incident.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import { isSameContent } from '../../store/incident-row.ts';
import type { Delivery, Received, RejectedRecord } from '../provider.ts';
import { coverDelivery } from '../without-polls.ts';

const mapping = builtinMappings.get('mttr-exporter') ?? { name: 'mttr-exporter', fields: new Map() };
const context: ReadContext = { mapping, tags: { service: undefined, severity: undefined }, zone: 'UTC' };

/**
 * What pushed incidents amount to: one record or a list, each idempotent by its id. A record that is older than what is
 * known, or says the same, changes nothing; a record without `updatedAt` is as new as its newest timestamp.
 */
export async function receiveIncidents(delivery: Delivery): Promise<Received> {
  const { body, nowMs, stored } = delivery;
  const records: readonly unknown[] = Array.isArray(body) ? body : [body];
  const parsed = records.map((record) => parseIncident(record, context, nowMs));
  const ids = parsed.flatMap((one) => ('incident' in one ? [one.incident.id] : []));
  const known = new Map(await stored.incidents(ids));
  const changed = new Map<string, Incident>();
  const rejected: RejectedRecord[] = [];
  const rejections: Rejection[] = [];
  let accepted = 0;
  for (const [index, one] of parsed.entries()) {
    if ('reason' in one) {
      const { reason, detail, id } = one;
      const field = one.field && mapping.fields.get(one.field)?.[0]?.paths[0]?.text;
      rejected.push({ index, ...(field !== undefined && { field }), reason, detail });
      rejections.push({ id, key: id ?? hash('sha256', JSON.stringify(records[index]) ?? ''), reason, detail });
      continue;
    }
    const { imported: _imported, ...incident } = one.incident;
    if (!isNews(incident, known.get(incident.id))) continue;
    accepted += 1;
    known.set(incident.id, incident);
    changed.set(incident.id, incident);
  }
  const incidents = [...changed.values()];
  return {
    incidents,
    stateChanges: [],
    rejected: rejections,
    deletedIds: [],
    replacedSubjects: [],
    complete: coverDelivery(delivery, incidents),
    answer: { accepted, unchanged: records.length - accepted - rejected.length, rejected },
  };
}

/** Of two different records with the same time the one that came later counts. */
function isNews(incident: Incident, known: Incident | undefined): boolean {
  if (known === undefined) return true;
  return incident.updatedAtMs >= known.updatedAtMs && !isSameContent(incident, known);
}
