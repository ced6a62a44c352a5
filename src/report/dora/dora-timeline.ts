import type { LabelMapper } from '../../config/label-mapper.ts';
import type { Config } from '../../config/types.ts';
import type { DeploymentLabels } from '../../model/deployment.ts';
import type { DoraProvider, DoraRow, DoraSettings } from '../../stats/dora/rows.ts';
import { createDoraStatistics, type DoraStatistics } from '../../stats/dora/statistics.ts';
import type { StoreSnapshot } from '../../store/snapshot.ts';
import { findEndMs, type LiveEnd, type WindowEnd } from '../timeline.ts';
import { createBlaming, toDoraProvider } from './dora-input.ts';

export interface DoraTimelineInput {
  readonly history: StoreSnapshot;
  readonly config: Pick<Config, 'providers' | 'recovery'>;
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
  readonly settings: DoraSettings;
  /** Lets in only these deployments; all without it. */
  readonly isWanted?: (labels: DeploymentLabels) => boolean;
}

/** Statistics of deployments as they stood at times of the past, by what is known today. */
export interface DoraTimeline extends Pick<DoraStatistics, 'facts' | 'incidentsAfter' | 'liveAt'> {
  /** The rows with windows that end there; the same objects each time, so read them before the next call. Times must not descend. */
  at(end: WindowEnd | LiveEnd): readonly DoraRow[];
}

/** Reads all deployments and incidents of a history once. */
export function createDoraTimeline(input: DoraTimelineInput): DoraTimeline {
  const { history, labelMapper, settings, isWanted = () => true } = input;
  const statistics = createDoraStatistics({
    settings,
    labels: (subjectRow) => {
      const labels = history.deploymentLabels(subjectRow);
      return labels !== undefined && isWanted(labels) ? labels : undefined;
    },
    toBlaming: createBlaming({
      config: input.config,
      labels: (row) => history.labels(row),
      renamedService: (row) => {
        const dimensions = history.dimensions(row);
        return labelMapper(dimensions.provider)?.map(dimensions).service;
      },
      labelMapper,
    }),
  });
  history.eachDeployment((deployment) => statistics.put(deployment));
  history.each((incident) => statistics.putIncident(incident));
  const providers = findDoraProviders(input);
  let isBuilt = false;
  return {
    facts: (row) => statistics.facts(row),
    incidentsAfter: (row) => statistics.incidentsAfter(row),
    liveAt: (service, atMs) => statistics.liveAt(service, atMs),
    at: (end) => {
      for (const provider of providers) {
        statistics.advance({ ...provider, endMs: findEndMs(end, provider.endMs), readUntilMs: provider.endMs });
      }
      if (!isBuilt) statistics.rebuild();
      isBuilt = true;
      statistics.refresh();
      return statistics.rows();
    },
  };
}

/** The configured providers whose first sync is complete; windows end where each was read. */
export function findDoraProviders({ history, config }: Pick<DoraTimelineInput, 'history' | 'config'>): DoraProvider[] {
  return config.providers.flatMap((provider) => {
    const state = history.providers.find(({ name }) => name === provider.name);
    return (state && toDoraProvider(state, provider)) ?? [];
  });
}
