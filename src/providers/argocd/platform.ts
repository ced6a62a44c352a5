import { z } from 'zod';
import type { EnvironmentRule } from '../../config/types.ts';
import { compileGlob, isGlob } from '../../model/glob.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { parseResponse } from '../answers.ts';
import { bearer } from '../engine/auth.ts';
import { createDeploymentProvider } from '../engine/deployment-provider.ts';
import type { DeploymentSource } from '../engine/deployment-source.ts';
import type { Platform } from '../provider.ts';
import { readApplication, type SeenApplication } from './applications.ts';

const shape = {
  source: z.enum(['deployments']).default('deployments'),
  token: z.string().min(1),
  applications: z.array(z.string().min(1)).min(1).describe('Applications by their names; * is for any characters.'),
};
const Settings = z.object(shape);

const LIST = '/api/v1/applications';
const Applications = z.object({ items: z.array(z.unknown()).nullish() });

/** Argo CD: the syncs of applications. */
export const argocd: Platform = {
  type: 'argocd',
  shape,
  secrets: ['token'],
  defaultRateLimit: { requests: 60, perMs: MINUTE_MS },
  defaultTags: {},
  deployments: 'source',
  fromEnvironment: () => undefined,
  create: (config, dependencies) => {
    if (config.baseUrl === undefined) throw new Error('base_url is missing: expected the URL of the Argo CD server');
    const { token, applications } = Settings.parse(config.settings);
    const input = {
      source: createArgocdDeployments(applications, config.deployments?.environments ?? []),
      baseUrl: config.baseUrl,
      auth: bearer(token),
    };
    return createDeploymentProvider(input, config, dependencies);
  },
};

/** One list tells everything: the last successes of each application, and its last operation. */
function createArgocdDeployments(
  patterns: readonly string[],
  environments: readonly EnvironmentRule[],
): DeploymentSource {
  const globs = patterns.map((pattern) => compileGlob(pattern));
  const call = { isNeeded: true, impact: 'everything, as no poll succeeds' };
  let seen: ReadonlyMap<string, SeenApplication> = new Map();
  return {
    order: 'change',
    batch: { history: 1000, changes: 1000 },
    readWith: environments.map(({ match, to }) => `${to}: ${match.pattern}`),
    async repositories({ httpClient, signal }) {
      const { body } = await httpClient.get(LIST, {}, signal);
      const { items } = parseResponse(Applications, body, `GET ${LIST}`);
      const all = (items ?? []).map((value) => readApplication(value, environments));
      const applications = all.filter((one) => 'records' in one);
      const broken = all.find((one) => 'reason' in one);
      if (applications.length === 0 && broken !== undefined) {
        throw new Error(`GET ${LIST}: no application has the expected shape: ${broken.detail}`);
      }
      const matching = applications.filter(({ name }) => globs.some(({ expression }) => expression.test(name)));
      seen = new Map(matching.map((one) => [one.id, one]));
      const names = new Set(matching.map(({ name }) => name));
      const missing = patterns.filter((pattern) => !isGlob(pattern) && !names.has(pattern));
      return {
        repositories: matching.map(({ id, name }) => ({ id, name })),
        refused: missing.map((name) => ({
          name,
          reason: 'there is no such application, or the token may not read it',
        })),
      };
    },
    historyStartMs: () => {
      const times = [...seen.values()].flatMap(({ knownSinceMs }) => knownSinceMs ?? []);
      return times.length === 0 ? undefined : Math.max(...times);
    },
    read: async (_client, requests) =>
      requests.map(({ repository }) => {
        const { records = [], rejected = [] } = seen.get(repository.id) ?? {};
        return { records, rejected, next: undefined };
      }),
    probes: {
      repositories: { ...call, call: `GET ${LIST}` },
      deployments: { ...call, call: 'history of an application' },
    },
    estimate: () => ({ perPoll: 1, perHour: 0, firstSync: 1, isExact: true, rateLimitCount: 1 }),
  };
}
