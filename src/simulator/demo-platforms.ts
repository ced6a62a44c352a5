import { startCloudwatchFake } from './cloudwatch.ts';
import { INCIDENTIO_FAKE_KEY, startIncidentioFake } from './incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from './jsm.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from './opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from './pagerduty.ts';
import type { Fake } from './platform.ts';
import type { World } from './world.ts';

/** A platform that the demo can show. */
export interface DemoPlatform {
  readonly type: string;
  /** Of its provider; the type without it. */
  readonly name?: string;
  start(world: World): Promise<Fake>;
  /** The keys of its provider besides name, type and address; polls are frequent, as the demo shall move. */
  settings(world: World): Readonly<Record<string, unknown>>;
}

const FREQUENT = { poll_interval: '2s', rate_limit: '100/s' } as const;

/** Every platform of which there is a fake, in the order of the provider registry. */
export const DEMO_PLATFORMS: readonly DemoPlatform[] = [
  { type: 'pagerduty', start: startPagerdutyFake, settings: () => ({ ...FREQUENT, api_key: PAGERDUTY_FAKE_KEY }) },
  { type: 'opsgenie', start: startOpsgenieFake, settings: () => ({ ...FREQUENT, api_key: OPSGENIE_FAKE_KEY }) },
  {
    type: 'jsm',
    start: startJsmFake,
    settings: () => ({ ...FREQUENT, cloud_id: 'shop', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN }),
  },
  { type: 'incidentio', start: startIncidentioFake, settings: () => ({ ...FREQUENT, api_key: INCIDENTIO_FAKE_KEY }) },
  {
    type: 'cloudwatch',
    name: 'aws',
    start: startCloudwatchFake,
    settings: ({ alarms }) => ({
      poll_interval: '5s',
      rate_limit: '50/s',
      regions: [...new Set(alarms.map(({ region }) => region))],
      overall: false,
    }),
  },
];

/** What the demo shows unless it is told otherwise. */
export const DEMO_DEFAULTS: readonly string[] = ['pagerduty', 'opsgenie', 'cloudwatch'];
