import { firehydrant } from '../../../src/providers/firehydrant/platform.ts';
import {
  FIREHYDRANT_FAKE_KEY,
  FIREHYDRANT_UNAUTHORISED,
  startFirehydrantFake,
} from '../../../src/simulator/firehydrant.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'FireHydrant',
  platform: firehydrant,
  config: { settings: { api_key: FIREHYDRANT_FAKE_KEY } },
  startFake: startFirehydrantFake,
  unauthorised: FIREHYDRANT_UNAUTHORISED,
  path: '/v1/incidents',
  items: 'data',
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, current_milestone: 'hibernating', active: null }),
  withoutEnd: (record) => ({ ...record, lifecycle_phases: [], milestones: [] }),
};
