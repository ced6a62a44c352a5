import { jsm } from '../../../src/providers/jsm/platform.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, JSM_UNAUTHORISED, startJsmFake } from '../../../src/simulator/jsm.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Jira Service Management',
  platform: jsm,
  config: {
    settings: { cloud_id: 'site', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN },
    services: { tag: 'service', rename: [] },
  },
  startFake: startJsmFake,
  unauthorised: JSM_UNAUTHORISED,
  path: '/v1/alerts',
  items: 'values',
  withTime: (record, time) => ({ ...record, createdAt: time }),
  withUnknownStatus: (record) => ({ ...record, status: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, closeTime: null }),
  cap: 20_000,
};
