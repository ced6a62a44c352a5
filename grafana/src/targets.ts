import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { page } from './page.ts';
import { budget, burn } from './targets/compliance.ts';
import { places, response } from './targets/response.ts';
import { incidentVariables } from './variables.ts';

/** Whether targets are met, and what the objectives still allow. */
export const targets: Dashboard = page({
  place: 'targets',
  description: 'Recovery and acknowledgement against the configured targets, and what is left of the error budget.',
  variables: incidentVariables(),
  sections: [budget, burn, response, places],
});
