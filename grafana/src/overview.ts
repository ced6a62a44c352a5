import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { glance } from './overview/glance.ts';
import { groups } from './overview/groups.ts';
import { quality } from './overview/quality.ts';
import { severities } from './overview/severities.ts';
import { openNow, trends } from './overview/trends.ts';
import { page } from './page.ts';
import { incidentVariables } from './variables.ts';

/** How long recovery takes, and whether it gets better. */
export const overview: Dashboard = page({
  place: 'overview',
  description:
    'How long it takes to recover from incidents: by severity, against targets, and against the window before.',
  variables: incidentVariables(),
  sections: [glance, severities, trends, openNow, quality, groups],
});
