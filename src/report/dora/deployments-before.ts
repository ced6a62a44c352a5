import { z } from 'zod';
import type { LabelMapper } from '../../config/label-mapper.ts';
import { DEPLOYMENT_FLAGS, type DeploymentSummary } from '../../model/deployment.ts';
import { formatIsoTime } from '../../model/format.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { IncidentDetails, StoreSnapshot } from '../../store/snapshot.ts';
import { isoTime } from '../incident-json.ts';

/** A successful deployment that was live when something happened. */
export interface DeploymentBefore {
  readonly provider: string;
  readonly id: string;
  readonly url: string | undefined;
  readonly repository: string;
  /** In the platform's own words. */
  readonly environment: string;
  readonly finishedAtMs: number;
}

/** The fields of such a deployment wherever programs read one. */
export const deploymentBeforeFields = {
  provider: z.string(),
  id: z.string(),
  url: z.string().optional(),
  repository: z.string(),
  environment: z.string(),
  finished_at: isoTime,
  minutes_before_trigger: z.number().min(0),
};

/** The values of these fields, for what was triggered at a time. */
export function toDeploymentBeforeJson(one: DeploymentBefore, triggeredAtMs: number) {
  const { provider, id, url, repository, environment, finishedAtMs } = one;
  return {
    provider,
    id,
    url,
    repository,
    environment,
    finished_at: formatIsoTime(finishedAtMs),
    minutes_before_trigger: (triggeredAtMs - finishedAtMs) / MINUTE_MS,
  };
}

/** The newest deployment of an incident's service that was live when it was triggered, by the fields that programs read. */
export function findDeploymentBefore(
  index: DeploymentIndex,
  { stored, incident: { triggeredAtMs } }: IncidentDetails,
  { history, labelMapper }: { readonly history: StoreSnapshot; readonly labelMapper: LabelMapper },
): ReturnType<typeof toDeploymentBeforeJson> | undefined {
  const { service } = labelMapper.map(history.dimensions(stored.dimensionsRow));
  const [before] = index.findBefore(service, triggeredAtMs);
  return before && toDeploymentBeforeJson(before, triggeredAtMs);
}

/** The successful deployments of a history. */
export interface DeploymentIndex {
  /** False where no deployment is read, so that none before says nothing. */
  readonly isKnown: boolean;
  /** Those of a service (after renaming) that were live at a time, one of each repository and environment, newest first. */
  findBefore(service: string, atMs: number): DeploymentBefore[];
}

type Success = Pick<DeploymentSummary, 'row'> & { readonly finishedAtMs: number };

/** Goes over all deployments once. */
export function createDeploymentIndex(history: StoreSnapshot): DeploymentIndex {
  const streamsByService = new Map<string, Map<string, Success[]>>();
  let isKnown = false;
  history.eachDeployment(({ row, subjectRow, flags, outcome, finishedAtMs }) => {
    const labels = history.deploymentLabels(subjectRow);
    if (labels === undefined || (flags & DEPLOYMENT_FLAGS.deleted) !== 0) return;
    isKnown = true;
    if (outcome !== 'success' || finishedAtMs === undefined) return;
    const streams = streamsByService.get(labels.renamedService) ?? new Map<string, Success[]>();
    streamsByService.set(labels.renamedService, streams);
    const stream = JSON.stringify([labels.provider, labels.repository, labels.environment]);
    const successes = streams.get(stream);
    if (successes === undefined) streams.set(stream, [{ row, finishedAtMs }]);
    else successes.push({ row, finishedAtMs });
  });
  for (const streams of streamsByService.values()) {
    for (const stream of streams.values()) stream.sort((a, b) => a.finishedAtMs - b.finishedAtMs);
  }
  return {
    isKnown,
    findBefore: (service, atMs) => {
      const live = [...(streamsByService.get(service)?.values() ?? [])].flatMap(
        (stream) => findNewest(stream, atMs) ?? [],
      );
      live.sort((a, b) => b.finishedAtMs - a.finishedAtMs || b.row - a.row);
      return live.flatMap(({ row, finishedAtMs }) =>
        history.deployments([row]).map(({ provider, id, url, repository, environment }) => {
          return { provider, id, url, repository, environment, finishedAtMs };
        }),
      );
    },
  };
}

/** The last one that ended at a time or before it; the stream is in the order of ends. */
function findNewest(stream: readonly Success[], atMs: number): Success | undefined {
  let low = 0;
  let high = stream.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stream[middle]?.finishedAtMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return stream[low - 1];
}
