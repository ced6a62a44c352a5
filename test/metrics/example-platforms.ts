import type { SimulatedAlarm } from '../../src/simulator/world.ts';
import {
  DAY_MS,
  type EngineStage,
  type EngineStageInput,
  HOUR_MS,
  MINUTE_MS,
  START_MS,
  type Story,
  stageEngine,
  told,
} from './stage.ts';

/** Before the exporter was there. */
const HISTORY: readonly Story[] = [
  { id: 'Q01', triggeredAtMs: START_MS - 80 * DAY_MS, acknowledged: 4, resolved: 90 },
  { id: 'Q02', triggeredAtMs: START_MS - 20 * DAY_MS, acknowledged: 3, escalated: [10], resolved: 45 },
  { id: 'Q03', triggeredAtMs: START_MS - 3 * DAY_MS, service: 'search "v2"', priority: 'P2', resolved: 200 },
  { id: 'Q04', triggeredAtMs: START_MS - 2 * HOUR_MS, service: 'search "v2"', priority: 'P2', acknowledged: 7 },
];

/** While it watches. */
const NEWS: readonly Story[] = [
  { id: 'Q05', triggeredAtMs: START_MS + 5 * MINUTE_MS, acknowledged: 2, resolved: 12.5 },
  { id: 'Q06', triggeredAtMs: START_MS + 10 * MINUTE_MS, escalated: [5], resolved: 40 },
  {
    id: 'Q07',
    triggeredAtMs: START_MS + 12 * MINUTE_MS,
    priority: 'P2',
    acknowledged: 1,
    resolved: 20,
    reopened: { after: 25, resolved: 45 },
  },
  {
    id: 'Q08',
    triggeredAtMs: START_MS + 15 * MINUTE_MS,
    service: 'back\\slash',
    priority: 'nobody knows',
    resolved: 3,
    by: 'integration',
  },
  { id: 'Q09', triggeredAtMs: START_MS + 100 * MINUTE_MS },
];

const ALARM: SimulatedAlarm = {
  region: 'eu-west-1',
  name: 'queue is long',
  kind: 'MetricAlarm',
  tags: { service: 'orders', severity: 'P3' },
  changes: [
    { atMs: START_MS - 5 * DAY_MS, state: 'OK' },
    { atMs: START_MS - 4 * DAY_MS, state: 'ALARM' },
    { atMs: START_MS - 4 * DAY_MS + 30 * MINUTE_MS, state: 'OK' },
    { atMs: START_MS + 20 * MINUTE_MS, state: 'ALARM' },
    { atMs: START_MS + 50 * MINUTE_MS, state: 'OK' },
  ],
};

/** `more` goes on with the keys of `metrics`. Two providers, one of them outside of every grouping but its own, and two hours of their life. */
export async function playExamplePlatforms({
  more = '',
  processText = async () => '',
}: Partial<Pick<EngineStageInput, 'more' | 'processText'>> = {}): Promise<EngineStage> {
  const stage = await stageEngine({
    incidents: [...HISTORY, ...NEWS].map(told),
    alarms: [ALARM],
    more: `metrics: { new_series_hold: 3m${more} }\ngroupings: [all, severity, service, "service,severity", team, provider]\nwindows: [7d, 30d]\n`,
    processText,
  });
  for (let minutes = 0; minutes <= 120; minutes += 5) {
    await stage.live(5 * MINUTE_MS);
    await stage.scrape();
  }
  return stage;
}
