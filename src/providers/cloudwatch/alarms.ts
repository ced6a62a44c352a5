import type { Rejection } from '../../model/incident.ts';
import type { AlarmApi, AlarmsAsked } from './api.ts';
import { Alarm } from './schema.ts';
import { rejection } from './signals.ts';

/** Alarms as they are now. */
export interface AlarmsRead {
  readonly alarms: readonly Alarm[];
  readonly rejected: readonly Rejection[];
}

/** Tokens lead on; one that comes twice would lead on for ever. */
export function nextToken(token: string | undefined, seen: Set<string>): string | undefined {
  if (token === undefined) return undefined;
  if (seen.has(token)) throw new Error('the platform gave the same NextToken twice, so its list has no end');
  seen.add(token);
  return token;
}

/** One page of alarms, those that cannot be read apart. */
export async function readAlarms(api: AlarmApi, asked: AlarmsAsked, signal: AbortSignal) {
  const page = await api.alarms(asked, signal);
  const parsed = page.alarms.map((wire) => ({ wire, result: Alarm.safeParse(wire) }));
  return {
    alarms: parsed.flatMap(({ result }) => (result.success ? [result.data] : [])),
    rejected: parsed.flatMap(({ wire, result }) =>
      result.success ? [] : [rejection(wire, 'malformed', `an alarm: ${result.error.issues[0]?.path.join('.')}`)],
    ),
    token: page.token,
  };
}

/** Every alarm of the region that was asked for, page by page to the last. */
export async function readAllAlarms(api: AlarmApi, asked: AlarmsAsked, signal: AbortSignal): Promise<AlarmsRead> {
  const alarms: Alarm[] = [];
  const rejected: Rejection[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await readAlarms(api, { ...asked, token }, signal);
    alarms.push(...page.alarms);
    rejected.push(...page.rejected);
    token = nextToken(page.token, seen);
  } while (token !== undefined);
  return { alarms, rejected };
}
