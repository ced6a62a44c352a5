import { BETTERSTACK_FAKE_KEY, startBetterstackFake } from './betterstack.ts';
import { startCloudwatchFake } from './cloudwatch.ts';
import { DATADOG_FAKE_APPLICATION_KEY, DATADOG_FAKE_KEY, startDatadogFake } from './datadog.ts';
import { FIREHYDRANT_FAKE_KEY, startFirehydrantFake } from './firehydrant.ts';
import { GITHUB_FAKE_TOKEN, startGithubFake } from './github.ts';
import { INCIDENTIO_FAKE_KEY, startIncidentioFake } from './incidentio.ts';
import { JIRA_FAKE_ACCOUNT, JIRA_FAKE_TOKEN, startJiraFake } from './jira.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from './jsm.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from './opsgenie.ts';
import type { Organisation } from './organisation.ts';
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
  /** Starts its fake of the shop. */
  start(shop: Organisation): Promise<Fake>;
  /** The keys of its provider besides name, type and address; polls are frequent, as the demo shall move. */
  settings(shop: Organisation): Readonly<Record<string, unknown>>;
}

const FREQUENT = { poll_interval: '2s', rate_limit: '100/s' } as const;
const NOTHING: World = { incidents: [], alarms: [] };

/** A platform beside those that the shop really uses: it has incidents of its own. */
function further(
  type: string,
  startFake: (world: World) => Promise<Fake>,
  settings: Readonly<Record<string, unknown>>,
): DemoPlatform {
  return {
    type,
    start: ({ further: worlds }) => startFake(worlds.get(type) ?? NOTHING),
    settings: () => ({ ...FREQUENT, ...settings }),
  };
}

/** Every platform of which there is a fake. */
export const DEMO_PLATFORMS: readonly DemoPlatform[] = [
  {
    type: 'pagerduty',
    start: ({ pagerduty }) => startPagerdutyFake(pagerduty),
    settings: () => ({ ...FREQUENT, api_key: PAGERDUTY_FAKE_KEY }),
  },
  {
    type: 'opsgenie',
    start: ({ opsgenie }) => startOpsgenieFake(opsgenie),
    settings: () => ({ ...FREQUENT, api_key: OPSGENIE_FAKE_KEY }),
  },
  {
    type: 'cloudwatch',
    name: 'aws',
    start: ({ cloudwatch }) => startCloudwatchFake(cloudwatch),
    settings: ({ cloudwatch: { alarms } }) => ({
      poll_interval: '5s',
      rate_limit: '50/s',
      regions: [...new Set(alarms.map(({ region }) => region))],
      overall: false,
    }),
  },
  {
    type: 'github',
    start: ({ github }) => startGithubFake(github),
    settings: () => ({
      poll_interval: '2s',
      rate_limit: '500/s',
      source: 'deployments',
      token: GITHUB_FAKE_TOKEN,
      repositories: ['shop/*'],
      lead_time: 'pull_requests',
      // What fails while somebody watches is mended within a minute.
      flaky_below: '0s',
    }),
  },
  further('jsm', startJsmFake, { cloud_id: 'shop', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN }),
  further('incidentio', startIncidentioFake, { api_key: INCIDENTIO_FAKE_KEY }),
  further('jira', startJiraFake, { account: JIRA_FAKE_ACCOUNT, api_token: JIRA_FAKE_TOKEN }),
  further('rootly', startRootlyFake, { api_key: ROOTLY_FAKE_KEY }),
  further('firehydrant', startFirehydrantFake, { api_key: FIREHYDRANT_FAKE_KEY }),
  further('datadog', startDatadogFake, { api_key: DATADOG_FAKE_KEY, application_key: DATADOG_FAKE_APPLICATION_KEY }),
  further('splunk-oncall', startSplunkOncallFake, { api_id: SPLUNK_ONCALL_FAKE_ID, api_key: SPLUNK_ONCALL_FAKE_KEY }),
  further('statuspage', startStatuspageFake, { page_id: STATUSPAGE_FAKE_PAGE, api_key: STATUSPAGE_FAKE_KEY }),
  further('betterstack', startBetterstackFake, { api_key: BETTERSTACK_FAKE_KEY }),
];

/** What the demo shows unless it is told otherwise. */
export const DEMO_DEFAULTS: readonly string[] = ['pagerduty', 'opsgenie', 'cloudwatch', 'github'];
