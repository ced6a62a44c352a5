import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Signal } from '../../model/incident.ts';
import type { Call, Sighting } from '../diagnosis.ts';
import type { Trials } from '../trials.ts';
import { createAccount } from './account.ts';
import type { Region } from './poll.ts';
import type { Alarm, Tags } from './schema.ts';
import type { TagNames } from './settle.ts';
import { placeOf } from './subject.ts';

/** Alarms whose tags are read to see services and severities: at 2 requests a second some 10 s. */
const TAGS_SAMPLED = 20;
/** Questions under way at once (DESIGN: 4 per provider). */
const TAGS_AHEAD = 4;

interface Sampling {
  readonly trials: Trials;
  readonly call: Call;
  /** Names of alarms that changed, the newest first. */
  readonly changed: readonly string[];
  readonly listed: readonly Alarm[];
  readonly signal: AbortSignal;
}

/** Tags by the alarm's name, of the alarms that changed last; undefined where they may not be read. */
export async function sampleTags(region: Region, { trials, call, changed, listed, signal }: Sampling) {
  const names = changed.length > 0 ? changed.slice(0, TAGS_SAMPLED) : listed.slice(0, 1).map(({ name }) => name);
  // The page of alarms may lack those that changed; any ARN of the account tells what theirs are.
  const account = createAccount(undefined);
  account.learn(listed.map(({ arn }) => arn));
  const asked = names.flatMap((name) => {
    const arn = account.arnOf({ region: region.name, name });
    return arn === undefined ? [] : [{ name, arn }];
  });
  if (asked.length === 0) {
    trials.leave(call, 'there is no alarm to ask for');
    return undefined;
  }
  return trials.attempt(call, async () => {
    const found = new Map<string, Tags>();
    const read = async ({ name, arn }: { name: string; arn: string }) => ({
      name,
      tags: await region.api.tags(arn, signal),
    });
    for await (const { name, tags } of mapConcurrent(asked, TAGS_AHEAD, read)) {
      if (tags === 'denied') throw new RequestError(`${call.call}: AccessDenied`, { body: { code: 'AccessDenied' } });
      if (tags !== 'gone') found.set(name, tags);
    }
    return found;
  });
}

/** Undefined for alarms whose tags were not read: nothing is known of their service and severity. */
export function sightingOf(
  start: Signal,
  tags: ReadonlyMap<string, Tags> | undefined,
  tagNames: TagNames,
): Sighting | undefined {
  const { name } = placeOf(start.subject);
  const own = tags?.get(name);
  if (tags !== undefined && own === undefined) return undefined;
  const service = own?.get(tagNames.service ?? '') || name;
  const severity = { tag: own?.get(tagNames.severity ?? '') };
  return { serviceId: service, serviceName: service, severity, triggeredAtMs: start.atMs };
}
