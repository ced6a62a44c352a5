import { servicenow } from '../../../src/providers/servicenow/platform.ts';
import {
  SERVICENOW_FAKE_ACCOUNT,
  SERVICENOW_FAKE_PASSWORD,
  SERVICENOW_UNAUTHORISED,
  startServicenowFake,
} from '../../../src/simulator/servicenow.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

const column = (value: unknown) => ({ value, display_value: value });

export const declared: DeclaredPlatform = {
  name: 'ServiceNow',
  platform: servicenow,
  config: {
    settings: { account: SERVICENOW_FAKE_ACCOUNT, password: SERVICENOW_FAKE_PASSWORD, timezone: 'Europe/Berlin' },
  },
  startFake: (world, options) => startServicenowFake(world, { zone: 'Europe/Berlin', ...options }),
  unauthorised: SERVICENOW_UNAUTHORISED,
  path: '/api/now/table/incident',
  items: 'result',
  idField: 'number',
  hasId: (value, id) => 'number' in value && JSON.stringify(value.number) === JSON.stringify(column(id)),
  withTime: (record, time) => ({ ...record, sys_created_on: column(time) }),
  withUnknownStatus: (record) => ({ ...record, state: column('99') }),
  withoutEnd: (record) => ({ ...record, resolved_at: column('') }),
  longSync: 4600,
};
