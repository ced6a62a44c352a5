import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { process } from './health/process.ts';
import { freshness, records, requests } from './health/providers.ts';
import { page } from './page.ts';
import { exporterVariables } from './variables.ts';

/** Whether what the other dashboards show can be trusted. */
export const health: Dashboard = page({
  place: 'health',
  description:
    'Whether the exporter gets its data: freshness, polls and requests, rejected records, process and store.',
  variables: exporterVariables(),
  sections: [freshness, requests, records, process],
});
