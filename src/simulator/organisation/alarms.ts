import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type { SimulatedAlarm, World } from '../world.ts';
import type { Pace } from './incidents.ts';
import type { NonEmpty, Random } from './random.ts';
import type { ServiceName } from './shop.ts';

/** What the platform remembers (it forgets after 30 days); the alarms are older. */
const REMEMBERED_MS = 30 * DAY_MS;
const ALARM_AGE_MS = 400 * DAY_MS;

type Change = SimulatedAlarm['changes'][number];

/** An alarm fires this seldom, and then for so long. */
const QUIET_MS = 2.6 * DAY_MS;
const FIRING_MS = { P1: 12 * MINUTE_MS, P2: 25 * MINUTE_MS, P3: 60 * MINUTE_MS, P4: 3 * HOUR_MS } as const;
type Severity = keyof typeof FIRING_MS;
const FIRING_SPREAD = 1.1;
const LOSES_DATA = 0.06;

/** Region, service, what is watched, severity, kind. */
const WATCHED: NonEmpty<readonly [string, ServiceName, string, Severity, SimulatedAlarm['kind']]> = [
  ['eu-west-1', 'checkout', '5xx', 'P1', 'MetricAlarm'],
  ['eu-west-1', 'checkout', 'slow', 'P2', 'MetricAlarm'],
  ['eu-west-1', 'payments', 'declined', 'P1', 'LogAlarm'],
  ['eu-west-1', 'storefront', 'unreachable', 'P1', 'CompositeAlarm'],
  ['eu-west-1', 'search', 'index-age', 'P3', 'MetricAlarm'],
  ['eu-west-1', 'orders', 'queue-age', 'P2', 'MetricAlarm'],
  ['eu-west-1', 'accounts', 'database-cpu', 'P3', 'MetricAlarm'],
  ['eu-west-1', 'inventory', 'disk', 'P4', 'MetricAlarm'],
  ['us-east-1', 'media', '4xx', 'P4', 'MetricAlarm'],
  ['us-east-1', 'storefront', 'slow', 'P2', 'MetricAlarm'],
  ['us-east-1', 'checkout', '5xx', 'P1', 'MetricAlarm'],
  ['us-east-1', 'notifications', 'bounces', 'P4', 'LogAlarm'],
  ['us-east-1', 'shipping', 'late-labels', 'P3', 'CompositeAlarm'],
  ['us-east-1', 'recommendations', 'memory', 'P4', 'MetricAlarm'],
];

/** One of each region. */
const FIRING_AT_NOW: ReadonlySet<string> = new Set(['accounts-database-cpu', 'recommendations-memory']);

/** The alarms with their last 30 days, in which one fired some 150 times; two still do at now and will end soon. */
export function inventAlarms(random: Random, nowMs: number): SimulatedAlarm[] {
  return WATCHED.map(([region, service, what, severity, kind]) => {
    const changes = inventChanges(random, { nowMs, firingMs: FIRING_MS[severity] });
    const name = `${service}-${what}`;
    const firing = FIRING_AT_NOW.has(name) ? lastFiring(random, nowMs) : [];
    const tags = { service, severity, environment: 'production' };
    return { region, name, kind, tags, changes: [...changes, ...firing] };
  });
}

/** From OK to OK; all of it is over two hours before now. */
function inventChanges(random: Random, { nowMs, firingMs }: { nowMs: number; firingMs: number }): Change[] {
  const untilMs = nowMs - 2 * HOUR_MS;
  const changes: Change[] = [{ atMs: nowMs - ALARM_AGE_MS, state: 'OK' }];
  let atMs = nowMs - REMEMBERED_MS + HOUR_MS;
  for (;;) {
    atMs += Math.round(-Math.log(1 - random.next()) * QUIET_MS);
    const overAtMs = atMs + Math.round(random.heavyTailed(firingMs, FIRING_SPREAD));
    if (overAtMs > untilMs) return changes;
    changes.push({ atMs, state: 'ALARM' });
    if (random.chance(LOSES_DATA))
      changes.push({ atMs: Math.floor((atMs + overAtMs) / 2), state: 'INSUFFICIENT_DATA' });
    changes.push({ atMs: overAtMs, state: 'OK' });
    atMs = overAtMs + MINUTE_MS;
  }
}

function lastFiring(random: Random, nowMs: number): readonly Change[] {
  const atMs = nowMs - Math.round(random.between(10 * MINUTE_MS, 100 * MINUTE_MS));
  return [
    { atMs, state: 'ALARM' },
    { atMs: nowMs + Math.round(random.between(30 * SECOND_MS, 20 * MINUTE_MS)), state: 'OK' },
  ];
}

/** So many changes of an alarm are remembered: the oldest are forgotten. */
export const CHANGES_MAX = 400;

/** Lets one of the alarms fire at this pace, each for 10 to 60 s; an alarm that fires is left alone. */
export function createLiveAlarms(world: World, random: Random, pace: Pace): (nowMs: number) => void {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs < dueAtMs) return;
    const [first, ...others] = world.alarms.filter(({ changes }) => isQuiet(changes, nowMs));
    if (first === undefined) return;
    dueAtMs = nowMs + random.between(pace.fromMs, pace.toMs);
    const alarm = random.pick([first, ...others]);
    const overAtMs = nowMs + Math.round(random.between(10, 60) * SECOND_MS);
    const firing: readonly Change[] = [
      { atMs: nowMs, state: 'ALARM' },
      { atMs: overAtMs, state: 'OK' },
    ];
    alarm.changes = remembered([...alarm.changes, ...firing]);
  };
}

function isQuiet(changes: readonly Change[], nowMs: number): boolean {
  const last = changes.at(-1);
  return last?.state === 'OK' && last.atMs < nowMs;
}

/** The newest changes; the first is an OK, so that each ALARM that is kept has its end and its beginning. */
function remembered(changes: readonly Change[]): readonly Change[] {
  if (changes.length <= CHANGES_MAX) return changes;
  const from = changes.findIndex(({ state }, index) => index >= CHANGES_MAX / 4 && state === 'OK');
  return changes.slice(from);
}
