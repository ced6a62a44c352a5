import { z } from 'zod';
import type { Capabilities } from '../../model/capabilities.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { Platform } from '../provider.ts';
import { NOTHING_TO_PROBE, pollNothing } from '../without-polls.ts';
import { receiveDeployments, receiveIncidents } from './receive.ts';

const capabilities: Capabilities = {
  statuses: ['triggered', 'acknowledged', 'identified', 'mitigated'],
  started: true,
  identified: true,
  acknowledged: true,
  mitigated: true,
  escalations: false,
  reopens: false,
};

/** Incidents and deployments that anybody with the token posts to the exporter, in its own fields. */
export const push: Platform = {
  type: 'push',
  shape: { token: z.string().min(1).describe('Bearer token of the senders.') },
  secrets: ['token'],
  push: { kinds: ['incidents', 'deployments'], tokenSetting: 'token' },
  deployments: 'always',
  // Nothing is asked of anybody.
  defaultRateLimit: { requests: 1, perMs: MINUTE_MS },
  defaultTags: {},
  fromEnvironment: () => undefined,
  create: ({ deployments }) => ({
    capabilities,
    poll: pollNothing,
    receive: (delivery) =>
      delivery.kind === 'deployments'
        ? receiveDeployments(delivery, deployments?.environments ?? [])
        : receiveIncidents(delivery),
    probe: async () => NOTHING_TO_PROBE,
    clockSkewMs: () => undefined,
    close: async () => undefined,
  }),
};
