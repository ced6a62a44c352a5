import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { messageOf } from '../../model/error-message.ts';
import { isGlob } from '../../model/glob.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { type Auth, bearer } from '../engine/auth.ts';
import { createDeploymentProvider } from '../engine/deployment-provider.ts';
import type { Platform } from '../provider.ts';
import { hmacHex, signedBy } from '../webhook.ts';
import { createGithubApi, type GithubApi } from './api.ts';
import { appTokenSource } from './app-token.ts';
import { graphqlProblem } from './graphql.ts';
import { githubIssues } from './issues.ts';
import { createGithubDeployments } from './source.ts';

const identifier = z.union([z.string().min(1), z.number().int().positive()]).transform(String);

const shape = {
  source: z.enum(['deployments', 'issues']).default('deployments'),
  token: z.string().min(1).optional(),
  app: z
    .strictObject({ id: identifier, installation_id: identifier, private_key_file: z.string().min(1) })
    .optional()
    .describe('A GitHub App instead of a token.'),
  repositories: z
    .array(z.string().regex(/^[^/\s]+\/[^/\s]+$/))
    .min(1)
    .describe('Repositories as organisation/name; * is for any characters, over what the credentials see.'),
  labels: z
    .array(z.string().min(1))
    .min(1)
    .default(['incident'])
    .describe('For source: issues: an issue with all of these labels is an incident.'),
  deployments_from: z
    .enum(['deployments', 'releases', 'workflow_runs'])
    .default('deployments')
    .describe('What a deployment is: one of the Deployments API, a published release, or a run of a workflow.'),
  workflow: z.string().min(1).optional().describe('File name of the workflow, for deployments_from: workflow_runs.'),
};
const Settings = z.object(shape);
export type GithubSettings = z.output<typeof Settings>;

/** GitHub and GitHub Enterprise Server. */
export const github: Platform = {
  type: 'github',
  shape,
  secrets: ['token'],
  // GitHub allows 5,000 an hour; the rest is left to others who use the same token.
  webhook: signedBy(hmacHex({ header: 'x-hub-signature-256', prefix: 'sha256=' })),
  defaultRateLimit: { requests: 80, perMs: MINUTE_MS },
  defaultTags: {},
  deployments: 'source',
  fromEnvironment: () => undefined,
  create: (config, dependencies) => {
    const settings = Settings.parse(config.settings);
    const api = createGithubApi(config.baseUrl);
    if (settings.source === 'issues') {
      checkOneRepository(settings.repositories);
      return githubIssues(toAuth(settings, api)).create(config, dependencies);
    }
    const input = {
      source: createGithubDeployments({ settings, config, api }),
      baseUrl: api.baseUrl,
      auth: toAuth(settings, api),
      headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      http: { isConditional: true, followsRedirects: true, bodyProblem: graphqlProblem },
    };
    return createDeploymentProvider(input, config, dependencies);
  },
};

/** The lists of issues are those of one repository. */
function checkOneRepository([first = '', ...others]: readonly string[]): void {
  if (others.length > 0 || isGlob(first)) {
    throw new Error(
      'repositories: expected one repository in full with source: issues; add a provider for each further one',
    );
  }
}

function toAuth({ token, app }: GithubSettings, api: GithubApi): Auth {
  if ((token === undefined) === (app === undefined)) {
    throw new Error('expected either token (or token_file) or app');
  }
  if (token !== undefined) return bearer(token);
  const { id = '', installation_id: installationId = '', private_key_file: file = '' } = app ?? {};
  const tokenSource = appTokenSource({ id, installationId, privateKey: readKey(file), apiUrl: api.restUrl });
  return { kind: 'token', tokenSource };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read app.private_key_file: ${messageOf(error)}`, { cause: error });
  }
}

export type GithubConfig = Pick<ProviderConfig, 'deployments'>;
