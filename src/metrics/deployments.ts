import { DEPLOYMENT_OUTCOMES } from '../model/deployment.ts';
import { cumulative, histogramSamples, setLabels } from './cumulative.ts';
import type { AnyFamily } from './family.ts';

const BASE = ['provider', 'service', 'environment'];

/** What is counted of deployments (DESIGN §6b). */
export const deploymentFamilies: readonly AnyFamily[] = [
  cumulative({
    name: 'deployments_total',
    type: 'counter',
    help: 'Deployments that ended since the counting began, by outcome: success, failure or cancelled.',
    base: BASE,
    labels: ['outcome'],
    group: 'deployments',
    samples: (group, source) =>
      DEPLOYMENT_OUTCOMES.map((outcome) => ({
        labels: [...setLabels(source), ['outcome', outcome]],
        value: group.released ? group[outcome] : 0,
      })),
  }),
  cumulative({
    name: 'deployment_duration_minutes',
    type: 'histogram',
    help: 'Time from start to end of deployments that succeeded or failed, each exactly once.',
    base: BASE,
    group: 'deploymentTimes',
    samples: (group, source, settings) =>
      histogramSamples({ ...group, histogram: group.duration }, { ...source, exemplars: [] }, settings),
  }),
  cumulative({
    name: 'deployment_lead_time_minutes',
    type: 'histogram',
    help: 'Time from a commit, or from the first one of its pull request, to the end of the first successful deployment of it.',
    base: BASE,
    group: 'deploymentTimes',
    isReported: ({ provider }) => provider.hasLeadTimes === true,
    samples: (group, source, settings) =>
      histogramSamples({ ...group, histogram: group.leadTime }, { ...source, exemplars: [] }, settings),
  }),
];
