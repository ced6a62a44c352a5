import { statuspage } from '../../../src/providers/statuspage/platform.ts';
import {
  STATUSPAGE_FAKE_KEY,
  STATUSPAGE_FAKE_PAGE,
  STATUSPAGE_UNAUTHORISED,
  startStatuspageFake,
} from '../../../src/simulator/statuspage.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Statuspage',
  platform: statuspage,
  config: { settings: { page_id: STATUSPAGE_FAKE_PAGE, api_key: STATUSPAGE_FAKE_KEY } },
  startFake: startStatuspageFake,
  unauthorised: STATUSPAGE_UNAUTHORISED,
  path: `/v1/pages/${STATUSPAGE_FAKE_PAGE}/incidents`,
  items: '',
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, status: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, resolved_at: null }),
};
