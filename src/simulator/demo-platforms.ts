import { BETTERSTACK_FAKE_KEY, startBetterstackFake } from './betterstack.ts';
import { startCloudwatchFake } from './cloudwatch.ts';
import { DATADOG_FAKE_APPLICATION_KEY, DATADOG_FAKE_KEY, startDatadogFake } from './datadog.ts';
import { FIREHYDRANT_FAKE_KEY, startFirehydrantFake } from './firehydrant.ts';
import { INCIDENTIO_FAKE_KEY, startIncidentioFake } from './incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from './jsm.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from './opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from './pagerduty.ts';
import type { Fake } from './platform.ts';
import { ROOTLY_FAKE_KEY, startRootlyFake } from './rootly.ts';
import { SPLUNK_ONCALL_FAKE_ID, SPLUNK_ONCALL_FAKE_KEY, startSplunkOncallFake } from './splunk-oncall.ts';
import { STATUSPAGE_FAKE_KEY, STATUSPAGE_FAKE_PAGE, startStatuspageFake } from './statuspage.ts';
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
  { type: 'rootly', start: startRootlyFake, settings: () => ({ ...FREQUENT, api_key: ROOTLY_FAKE_KEY }) },
  {
    type: 'firehydrant',
    start: startFirehydrantFake,
    settings: () => ({ ...FREQUENT, api_key: FIREHYDRANT_FAKE_KEY }),
  },
  {
    type: 'datadog',
    start: startDatadogFake,
    settings: () => ({ ...FREQUENT, api_key: DATADOG_FAKE_KEY, application_key: DATADOG_FAKE_APPLICATION_KEY }),
  },
  {
    type: 'splunk-oncall',
    start: startSplunkOncallFake,
    settings: () => ({ ...FREQUENT, api_id: SPLUNK_ONCALL_FAKE_ID, api_key: SPLUNK_ONCALL_FAKE_KEY }),
  },
  {
    type: 'statuspage',
    start: startStatuspageFake,
    settings: () => ({ ...FREQUENT, page_id: STATUSPAGE_FAKE_PAGE, api_key: STATUSPAGE_FAKE_KEY }),
  },
  {
    type: 'betterstack',
    start: startBetterstackFake,
    settings: () => ({ ...FREQUENT, api_key: BETTERSTACK_FAKE_KEY }),
  },
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
