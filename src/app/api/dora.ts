import type { Config } from '../../config/types.ts';
import { createLabelMappers } from '../../core/settings.ts';
import { formatIsoTime, formatList } from '../../model/format.ts';
import { SECOND_MS } from '../../model/time.ts';
import { toDoraSettings } from '../../report/dora/dora-input.ts';
import { createDoraTimeline, findDoraProviders } from '../../report/dora/dora-timeline.ts';
import { toBaselineFields, toDoraFields, toLevelFields } from '../../report/dora/fields.ts';
import { selectLabels } from '../../report/filter.ts';
import type { DoraQuery } from '../../server/api/queries.ts';
import type { DoraResponse, DoraRowResponse } from '../../server/api/schemas.ts';
import { invalidParameters } from '../../server/responses.ts';
import type { DoraRow, DoraValues } from '../../stats/dora/rows.ts';
import type { StoreSnapshot } from '../../store/snapshot.ts';

/** The windowed rows of deployments that a query selects. Throws a RequestProblem for a query that cannot be answered. */
export function readDora(
  { config, history }: { readonly config: Config; readonly history: StoreSnapshot },
  { window, by, ...labels }: DoraQuery,
): DoraResponse {
  const windows = config.windows.map((one, index) => ({ ...one, index }));
  const wanted = windows.filter(({ name }) => window === undefined || name === window);
  if (wanted.length === 0) {
    const reason = `is not configured; expected one of ${formatList(windows.map(({ name }) => name))}`;
    throw invalidParameters([{ name: 'window', reason }]);
  }
  const names = history.deploymentNames();
  const { labels: asked, errors } = selectLabels(labels, {
    services: new Set(names.map(({ service }) => service)),
    teams: new Set(names.flatMap(({ team }) => (team === '' ? [] : [team]))),
    severities: config.severities,
    providers: config.providers.map(({ name }) => name),
  });
  if (errors.length > 0) throw invalidParameters(errors);
  const labelMappers = createLabelMappers(config);
  const timeline = createDoraTimeline({
    history,
    config,
    labelMapper: (name) => labelMappers.get(name),
    settings: toDoraSettings(config),
  });
  const rows = timeline
    .at('read')
    .filter(({ grouping }) => by === undefined || grouping === by)
    .filter((row) => asked.every(([name, value]) => row.labels.some((one) => one[0] === name && one[1] === value)));
  const providers = findDoraProviders({ history, config }).filter(({ policy }) => policy !== undefined);
  return {
    rows: rows.flatMap((row) =>
      wanted.flatMap(({ name, ms, index }) => {
        const values = row.values[index];
        return values === undefined ? [] : [toRow(row, { name, ms }, values)];
      }),
    ),
    providers: providers.map(({ name, endMs }) => ({ name, window_to: formatIsoTime(endMs) })),
  };
}

function toRow(
  { grouping, labels }: DoraRow,
  window: { readonly name: string; readonly ms: number },
  values: Readonly<DoraValues>,
): DoraRowResponse {
  const { deployments, changes, failures, recoveries } = values;
  const known = [...toDoraFields(values), ...toBaselineFields(values)].filter(([, value]) => value !== undefined);
  return {
    by: grouping,
    window: window.name,
    window_seconds: window.ms / SECOND_MS,
    ...Object.fromEntries(labels),
    deployments,
    changes,
    failures,
    recoveries,
    ...Object.fromEntries(known),
    levels: Object.fromEntries(toLevelFields(values).filter(([, level]) => level !== undefined)),
  };
}
