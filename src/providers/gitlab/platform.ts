import { z } from 'zod';
import { isGlob } from '../../model/glob.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { header } from '../engine/auth.ts';
import { createDeploymentProvider } from '../engine/deployment-provider.ts';
import type { Platform } from '../provider.ts';
import { sharedToken, signedBy, standardWebhooks } from '../webhook.ts';
import { gitlabIncidents } from './incidents.ts';
import { createGitlabDeployments } from './source.ts';

const shape = {
  source: z.enum(['deployments', 'incidents']).default('deployments'),
  token: z.string().min(1),
  projects: z
    .array(z.string().regex(/^[^/\s]+(\/[^/\s]+)+$/))
    .min(1)
    .describe('Projects by their full paths; * is for any characters, over what the token is a member of.'),
};
const Settings = z.object(shape);

const API_PATH = '/api/v4';

/** GitLab, on gitlab.com or self-managed. */
export const gitlab: Platform = {
  type: 'gitlab',
  shape,
  secrets: ['token'],
  // gitlab.com allows 2,000 a minute; the rest is left to others who use the same token.
  webhook: signedBy(sharedToken('x-gitlab-token'), standardWebhooks),
  defaultRateLimit: { requests: 600, perMs: MINUTE_MS },
  defaultTags: {},
  deployments: 'source',
  fromEnvironment: () => undefined,
  create: (config, dependencies) => {
    const { source, token, projects } = Settings.parse(config.settings);
    if (source === 'incidents') {
      checkOneProject(projects);
      return gitlabIncidents.create({ ...config, baseUrl: toApiUrl(config.baseUrl) }, dependencies);
    }
    const { deployments: settings = { environments: [], leadTime: 'off' as const } } = config;
    const input = {
      source: createGitlabDeployments({ projects, settings }),
      baseUrl: toApiUrl(config.baseUrl),
      auth: header('private-token', token, token),
      http: { followsRedirects: true },
    };
    return createDeploymentProvider(input, config, dependencies);
  },
};

/** The lists of incidents are those of one project. */
function checkOneProject([first = '', ...others]: readonly string[]): void {
  if (others.length > 0 || isGlob(first)) {
    throw new Error(
      'projects: expected one project in full with source: incidents; add a provider for each further one',
    );
  }
}

/** `base_url` is the server, or its API. */
function toApiUrl(configured = 'https://gitlab.com'): string {
  const url = configured.replace(/\/+$/, '');
  return url.endsWith(API_PATH) ? url : `${url}${API_PATH}`;
}
