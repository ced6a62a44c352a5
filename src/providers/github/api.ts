import type { Query, RequestPath } from '../../http/client.ts';
import { RequestError } from '../../http/errors.ts';
import type { HttpResponse } from '../../http/response.ts';
import type { DeploymentClient } from '../engine/deployment-source.ts';

/** Where REST and GraphQL are below the base URL. */
interface ApiPaths {
  readonly rest: string;
  readonly graphql: string;
}

const CLOUD: ApiPaths = { rest: '', graphql: '/graphql' };
const ENTERPRISE_SERVER: ApiPaths = { rest: '/api/v3', graphql: '/api/graphql' };
const ENTERPRISE_PATH = /\/api\/v3\/*$/;

/** GitHub's two APIs at one address. */
export interface GithubApi {
  /** What paths are relative to. */
  readonly baseUrl: string;
  readonly restUrl: () => string;
  /** The client with the paths of this address: `/graphql` is that of GraphQL, all others are of REST. */
  at(client: DeploymentClient): DeploymentClient;
}

/**
 * github.com, or what `base_url` names: an Enterprise Server as `https://HOST` or `https://HOST/api/v3`, or anything that has
 * the paths of api.github.com. Which of the two a bare host is shows the first answer of 404.
 */
export function createGithubApi(configured: string | undefined): GithubApi {
  const baseUrl = (configured ?? 'https://api.github.com').replace(ENTERPRISE_PATH, '').replace(/\/+$/, '');
  const isServer = configured !== undefined && ENTERPRISE_PATH.test(configured);
  const candidates = configured === undefined || isServer ? [] : [ENTERPRISE_SERVER];
  let paths = isServer ? ENTERPRISE_SERVER : CLOUD;
  let isKnown = candidates.length === 0;

  async function withPaths(request: () => Promise<HttpResponse>): Promise<HttpResponse> {
    try {
      const response = await request();
      isKnown = true;
      return response;
    } catch (error) {
      if (isKnown || !(error instanceof RequestError) || !isElsewhere(error.status)) throw error;
      const before = paths;
      paths = ENTERPRISE_SERVER;
      try {
        const response = await request();
        isKnown = true;
        return response;
      } catch (second) {
        paths = before;
        throw second instanceof RequestError && isElsewhere(second.status) ? error : second;
      }
    }
  }

  return {
    baseUrl,
    restUrl: () => `${baseUrl}${paths.rest}`,
    at: ({ httpClient, signal }) => ({
      signal,
      httpClient: {
        get: (path: RequestPath, query: Query) =>
          withPaths(() => httpClient.get(below(paths.rest, path), query, signal)),
        post: (path: RequestPath, body: unknown) =>
          withPaths(() => httpClient.post(below(paths.graphql.slice(0, -'/graphql'.length), path), body, signal)),
      },
    }),
  };
}

/** The path is not there: 404, or a redirect to the pages for people. */
function isElsewhere(status: number | undefined): boolean {
  return status === 404 || status === 405 || (status !== undefined && status > 299 && status < 400);
}

function below(prefix: string, path: RequestPath): RequestPath {
  if (typeof path === 'string') return `${prefix}${path}`;
  return { path: `${prefix}${path.path}`, endpoint: path.endpoint };
}
