import { grafana } from '../../../src/providers/grafana/platform.ts';
import { GRAFANA_FAKE_KEY, GRAFANA_UNAUTHORISED, startGrafanaFake } from '../../../src/simulator/grafana.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'Grafana',
  platform: grafana,
  config: { settings: { api_key: GRAFANA_FAKE_KEY, stack_url: '' } },
  startFake: startGrafanaFake,
  unauthorised: GRAFANA_UNAUTHORISED,
  path: '/api/v1/alert_groups/',
  items: 'results',
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, state: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, resolved_at: null }),
};
