import { incidentio } from '../../../src/providers/incidentio/platform.ts';
import {
  INCIDENTIO_FAKE_KEY,
  INCIDENTIO_UNAUTHORISED,
  startIncidentioFake,
} from '../../../src/simulator/incidentio.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'incident.io',
  platform: incidentio,
  config: { settings: { api_key: INCIDENTIO_FAKE_KEY } },
  startFake: startIncidentioFake,
  unauthorised: INCIDENTIO_UNAUTHORISED,
  path: '/v2/incidents',
  items: 'incidents',
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, incident_status: { category: 'hibernating' } }),
  withoutEnd: (record) => ({ ...record, incident_timestamp_values: [] }),
  detailsWithoutEnd: { path: /incident_updates/, body: { incident_updates: [] } },
  longSync: 2600,
};
