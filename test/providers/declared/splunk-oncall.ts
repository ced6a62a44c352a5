import { splunkOncall } from '../../../src/providers/splunk-oncall/platform.ts';
import {
  SPLUNK_ONCALL_FAKE_ID,
  SPLUNK_ONCALL_FAKE_KEY,
  SPLUNK_ONCALL_UNAUTHORISED,
  startSplunkOncallFake,
} from '../../../src/simulator/splunk-oncall.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Splunk On-Call',
  platform: splunkOncall,
  config: { settings: { api_id: SPLUNK_ONCALL_FAKE_ID, api_key: SPLUNK_ONCALL_FAKE_KEY } },
  startFake: startSplunkOncallFake,
  unauthorised: SPLUNK_ONCALL_UNAUTHORISED,
  path: '/api-reporting/v2/incidents',
  items: 'incidents',
  idField: 'incidentNumber',
  withTime: (record, time) => ({ ...record, startTime: time }),
  withUnknownStatus: (record) => ({ ...record, currentPhase: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, transitions: [] }),
};
