import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { page } from './page.ts';
import { glance } from './service/glance.ts';
import { incidents } from './service/incidents.ts';
import { severities, trends } from './service/recovery.ts';
import { serviceVariables } from './variables.ts';

/** One service: how long its incidents take, what is open, and what is new. */
export const service: Dashboard = page({
  place: 'service',
  description: 'Recovery of one service: by severity, over time, and beside all others.',
  variables: serviceVariables(),
  sections: [glance, severities, trends, incidents],
});
