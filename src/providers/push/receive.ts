import { hash } from 'node:crypto';
import { toEnvironment } from '../../config/deployments.ts';
import type { EnvironmentRule } from '../../config/types.ts';
import { builtinMappings } from '../../imports/builtin-mappings.ts';
import type { ReadContext } from '../../imports/field-values.ts';
import { parseDeployment } from '../../imports/parse-deployment.ts';
import { parseIncident } from '../../imports/parse-incident.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { Rejection, RejectionReason } from '../../model/incident.ts';
import { isSameContent } from '../../store/incident-row.ts';
import type { Delivery, Received, RejectedRecord } from '../provider.ts';
import { coverDelivery } from '../without-polls.ts';

const ZONE = 'UTC';
const mapping = builtinMappings.get('mttr-exporter') ?? { name: 'mttr-exporter', fields: new Map() };
const context: ReadContext = { mapping, tags: { service: undefined, severity: undefined }, zone: ZONE };

/**
 * What pushed incidents amount to: one record or a list, each idempotent by its id. A record that is older than what is
 * known, or says the same, changes nothing; a record without `updatedAt` is as new as its newest timestamp.
 */
export async function receiveIncidents(delivery: Delivery): Promise<Received> {
  const { nowMs, stored } = delivery;
  const parsed = toRecords(delivery).map((record) => {
    if (!isObject(record)) return { record, refused: NO_OBJECT };
    const one = parseIncident(record, context, nowMs);
    if ('incident' in one) {
      const { imported: _imported, ...incident } = one.incident;
      return { record, accepted: incident };
    }
    const field = one.field && mapping.fields.get(one.field)?.[0]?.paths[0]?.text;
    return { record, refused: { ...one, field } };
  });
  const known = await stored.incidents(idsOf(parsed));
  const { changed, ...told } = takeNews(parsed, known, isSameContent);
  const complete = coverDelivery(delivery, changed);
  return { ...NOTHING, incidents: changed, rejected: told.rejections, complete, answer: told.answer };
}

/** The same of deployments; those of environments that the configuration does not name are not read, only counted. */
export async function receiveDeployments(
  delivery: Delivery,
  environments: readonly EnvironmentRule[],
): Promise<Received> {
  const { nowMs, stored } = delivery;
  const parsed = toRecords(delivery).map((record) => {
    if (!isObject(record)) return { record, refused: NO_OBJECT };
    const one = parseDeployment(record, { zone: ZONE, nowMs });
    return 'reason' in one ? { record, refused: one } : { record, accepted: one };
  });
  const known = await stored.deployments(idsOf(parsed));
  const isRead = ({ environment }: Deployment) => toEnvironment(environments, environment) !== undefined;
  const { changed, ...told } = takeNews(parsed, known, isSameDeployment, isRead);
  const starts = changed.map(({ startedAtMs }) => ({ triggeredAtMs: startedAtMs }));
  const complete = coverDelivery(delivery, starts);
  const unreadDeployments = parsed.flatMap(({ accepted: one }) => (one === undefined || isRead(one) ? [] : [one]));
  return {
    ...NOTHING,
    deployments: changed,
    unreadDeployments,
    rejected: told.rejections,
    complete,
    answer: told.answer,
  };
}

const NOTHING = { incidents: [], stateChanges: [], rejected: [], deletedIds: [], replacedSubjects: [] };

function toRecords({ body }: Delivery): readonly unknown[] {
  return Array.isArray(body) ? body : [body];
}

/** A line that is not JSON is no object either. */
const NO_OBJECT = { reason: 'malformed', detail: 'expected a JSON object' } as const;

function isObject(record: unknown): boolean {
  return typeof record === 'object' && record !== null && !Array.isArray(record);
}

/** A parsed record, or why it is rejected. */
interface Parsed<Item> {
  readonly record: unknown;
  readonly accepted?: Item;
  readonly refused?: {
    readonly reason: RejectionReason;
    readonly id?: string | undefined;
    readonly field?: string | undefined;
    readonly detail: string;
  };
}

function idsOf(parsed: readonly Parsed<{ readonly id: string }>[]): string[] {
  return parsed.flatMap(({ accepted }) => (accepted === undefined ? [] : [accepted.id]));
}

/** The records that say something new, each id once, and what is answered; of two with the same time the later one counts. */
function takeNews<Item extends { readonly id: string; readonly updatedAtMs: number }>(
  parsed: readonly Parsed<Item>[],
  stored: ReadonlyMap<string, Item>,
  isSame: (one: Item, other: Item) => boolean,
  isRead: (item: Item) => boolean = () => true,
) {
  const known = new Map(stored);
  const changed = new Map<string, Item>();
  const rejected: RejectedRecord[] = [];
  const rejections: Rejection[] = [];
  let accepted = 0;
  for (const [index, { record, accepted: item, refused }] of parsed.entries()) {
    if (refused !== undefined) {
      const { id, field, reason, detail } = refused;
      rejected.push({ index, ...(field !== undefined && { field }), reason, detail });
      rejections.push({ id, key: id ?? hash('sha256', JSON.stringify(record) ?? ''), reason, detail });
    } else if (item !== undefined && isRead(item)) {
      const before = known.get(item.id);
      if (before !== undefined && (item.updatedAtMs < before.updatedAtMs || isSame(item, before))) continue;
      accepted += 1;
      known.set(item.id, item);
      changed.set(item.id, item);
    }
  }
  const unchanged = parsed.length - accepted - rejected.length;
  return { changed: [...changed.values()], rejections, answer: { accepted, unchanged, rejected } };
}

function isSameDeployment(one: Deployment, other: Deployment): boolean {
  const text = ({
    id,
    repository,
    environment,
    ref,
    sha,
    startedAtMs,
    finishedAtMs,
    outcome,
    url,
    ...rest
  }: Deployment) =>
    JSON.stringify([id, repository, environment, ref, sha, startedAtMs, finishedAtMs, outcome, url, rest.updatedAtMs]);
  return text(one) === text(other);
}
