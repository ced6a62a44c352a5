import { rootly } from '../../../src/providers/rootly/platform.ts';
import { ROOTLY_FAKE_KEY, ROOTLY_UNAUTHORISED, startRootlyFake } from '../../../src/simulator/rootly.ts';
import { type DeclaredPlatform, withAttributes } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Rootly',
  platform: rootly,
  config: { settings: { api_key: ROOTLY_FAKE_KEY } },
  startFake: startRootlyFake,
  unauthorised: ROOTLY_UNAUTHORISED,
  path: '/v1/incidents',
  items: 'data',
  withTime: (record, time) => withAttributes(record, { created_at: time }),
  withUnknownStatus: (record) => withAttributes(record, { status: 'hibernating' }),
  withoutEnd: (record) => withAttributes(record, { resolved_at: null }),
};
