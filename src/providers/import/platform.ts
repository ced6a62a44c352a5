import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { ProbeReport } from '../probes.ts';
import type { Platform, Provider } from '../provider.ts';

const shape = { until: z.enum(['import', 'now']).default('import') };
const Settings = z.object(shape);

const capabilities: Capabilities = {
  statuses: ['triggered', 'acknowledged', 'identified', 'mitigated'],
  started: true,
  identified: true,
  acknowledged: true,
  mitigated: true,
  escalations: false,
  reopens: false,
};

/** Incidents that come from files alone, put into the store by the command `import`. */
export const imported: Platform = {
  type: 'import',
  shape,
  secrets: [],
  isImportedOnly: true,
  // Nothing is asked of anybody.
  defaultRateLimit: { requests: 1, perMs: MINUTE_MS },
  defaultTags: { service: 'service' },
  deployments: 'always',
  fromEnvironment: () => undefined,
  create: (config) => createImported(config),
};

function createImported({ name, settings }: ProviderConfig): Provider {
  const { until } = Settings.parse(settings);
  return {
    capabilities,
    async *poll({ before, cursor = '', nowMs }) {
      if (before === undefined)
        throw new Error(`nothing has been imported: run mttr-exporter import --provider ${name}`);
      const polledUntilMs = until === 'now' ? nowMs : before.polledUntilMs;
      yield {
        incidents: [],
        stateChanges: [],
        rejected: [],
        deletedIds: [],
        replacedSubjects: [],
        // Another platform's, where the provider was one of its before; it is kept for the way back.
        cursor,
        complete: { polledUntilMs, historyStartMs: before.historyStartMs },
      };
    },
    probe: async () => report,
    clockSkewMs: () => undefined,
    close: async () => undefined,
  };
}

const report: ProbeReport = {
  probes: [{ call: 'nothing: its incidents are imported', isNeeded: false, impact: 'nothing', outcome: 'ok' }],
  region: { name: 'none', hint: 'nothing is asked of anybody' },
  estimate: { perPoll: 0, perHour: 0, firstSync: 0, isExact: true, rateLimitCount: 1 },
};
