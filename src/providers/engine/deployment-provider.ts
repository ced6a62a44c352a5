import { toEnvironment } from '../../config/deployments.ts';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient, type HttpClientOptions } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { createProbeRunner, estimateRecords, type ProbeReport, type ProbeRequest } from '../probes.ts';
import type { Provider, ProviderDependencies } from '../provider.ts';
import { type Auth, authOptions } from './auth.ts';
import type { DeploymentClient, DeploymentRecord, DeploymentSource } from './deployment-source.ts';
import { pollDeployments } from './deployments.ts';

/** Incidents made of deployments have no life but failing and recovering. */
const CAPABILITIES: Capabilities = {
  statuses: ['triggered'],
  started: false,
  identified: false,
  acknowledged: false,
  mitigated: false,
  escalations: false,
  reopens: false,
};

export interface DeploymentProviderInput {
  readonly source: DeploymentSource;
  readonly baseUrl: string;
  readonly auth: Auth;
  readonly headers?: Readonly<Record<string, string>>;
  readonly http?: Partial<Pick<HttpClientOptions, 'isConditional' | 'followsRedirects' | 'bodyProblem'>>;
}

/** The provider of a platform's deployments: its cursor, resumption, limits, comparisons and `doctor` are the engine's. */
export function createDeploymentProvider(
  { source, baseUrl, auth, headers, http }: DeploymentProviderInput,
  config: ProviderConfig,
  { clock, observer: outer }: ProviderDependencies,
): Provider {
  const { deployments: settings } = config;
  if (settings === undefined) throw new TypeError('expected the settings of a source of deployments');
  const { observer, clockSkewMs } = rememberClockSkew(outer);
  const { rateLimit, timeoutMs, proxyUrl, caFile } = config;
  const httpClient = createHttpClient({
    baseUrl,
    ...authOptions(auth, headers),
    ...http,
    rateLimit,
    timeoutMs,
    proxyUrl,
    caFile,
    clock,
    observer,
  });
  return {
    capabilities: CAPABILITIES,
    poll: (request) => {
      const client = { httpClient, signal: request.signal };
      return pollDeployments({ client, source, settings, request });
    },
    probe: (request) => {
      const environmentOf = (name: string) => toEnvironment(settings.environments, name);
      const client = { httpClient, signal: request.signal };
      const region = { name: config.baseUrl === undefined ? new URL(baseUrl).host : 'as base_url says' };
      return probeDeployments({ client, source, request, region, environmentOf });
    },
    clockSkewMs,
    close: () => httpClient.close(),
  };
}

interface ProbeInput {
  readonly client: DeploymentClient;
  readonly source: DeploymentSource;
  readonly request: ProbeRequest;
  readonly region: ProbeReport['region'];
  readonly environmentOf: (name: string) => string | undefined;
}

/** Tries each kind of request once, and estimates how many polls make. */
async function probeDeployments(input: ProbeInput): Promise<ProbeReport> {
  const { client, source, request, region } = input;
  const { probes: calls } = source;
  const probes = createProbeRunner(request.signal);
  const found = await probes.run(calls.repositories, () => source.repositories(client, request.nowMs));
  const [repository] = found?.repositories ?? [];
  const report = { probes: probes.list, region };
  if (found === undefined || repository === undefined) {
    probes.skip(calls.deployments, 'there is no repository to ask for');
    return report;
  }
  const asked = { repository, fromMs: request.historyStartMs };
  const page = await probes.run(calls.deployments, async () => (await source.read(client, [asked]))[0]);
  const records = page === undefined || 'refused' in page ? [] : page.records;
  const pair = findPair(records);
  if (calls.compare !== undefined && source.compare !== undefined) {
    if (pair === undefined) probes.skip(calls.compare, 'there are no two deployments to compare');
    else await probes.run(calls.compare, async () => source.compare?.(client, repository, pair));
  }
  return { ...report, ...summarise(input, found, records, page !== undefined && 'next' in page && page.next) };
}

function findPair(records: readonly DeploymentRecord[]) {
  const shas = [...new Set(records.flatMap(({ sha }) => sha ?? []))];
  const [headSha, baseSha] = shas;
  return headSha === undefined || baseSha === undefined ? undefined : { baseSha, headSha };
}

function summarise(
  { source, request, environmentOf }: ProbeInput,
  found: Awaited<ReturnType<DeploymentSource['repositories']>>,
  records: readonly DeploymentRecord[],
  next: string | false | undefined,
) {
  const environments = [...new Set(records.map(({ environment }) => environment))].toSorted();
  const perRepository = estimateRecords({
    timesMs: records.map(({ listedAtMs }) => listedAtMs),
    isAll: next === undefined,
    fromMs: request.historyStartMs,
    toMs: request.nowMs,
  });
  const repositories = found.repositories.length;
  return {
    deployments: {
      repositories,
      refused: found.refused.map(({ name }) => name),
      count: records.length,
      environments: environments.filter((name) => environmentOf(name) !== undefined),
      unknownEnvironments: environments.filter((name) => environmentOf(name) === undefined),
    },
    estimate: source.estimate({ repositories, deployments: perRepository * repositories }),
  };
}
