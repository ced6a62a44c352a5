import { betterstack } from '../../../src/providers/betterstack/platform.ts';
import {
  BETTERSTACK_FAKE_KEY,
  BETTERSTACK_UNAUTHORISED,
  startBetterstackFake,
} from '../../../src/simulator/betterstack.ts';
import { type DeclaredPlatform, withAttributes } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Better Stack',
  platform: betterstack,
  config: { settings: { api_key: BETTERSTACK_FAKE_KEY } },
  startFake: startBetterstackFake,
  unauthorised: BETTERSTACK_UNAUTHORISED,
  path: '/api/v3/incidents',
  items: 'data',
  withTime: (record, time) => withAttributes(record, { started_at: time }),
  withUnknownStatus: (record) => withAttributes(record, { status: 'Hibernating' }),
  withoutEnd: (record) => withAttributes(record, { resolved_at: null }),
};
