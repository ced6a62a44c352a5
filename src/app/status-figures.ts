import type { Config, Grouping } from '../config/types.ts';
import type { CoreStatus } from '../core/messages.ts';
import { MINUTE_MS } from '../model/time.ts';
import { figuresOf } from '../report/figures.ts';
import type { ServiceStats, SeverityStats, StatusView, WindowStats } from '../server/status-page/view.ts';
import { levelOf, type Row } from '../stats/rows.ts';

interface FiguresInput {
  readonly config: Config;
  readonly core: Pick<CoreStatus, 'rows' | 'openNow'>;
  /** Place of the window in the configuration. */
  readonly window: number;
}

/** The windowed rows that the status page shows, each as `/metrics` has it. */
export function statusFigures(input: FiguresInput): Pick<StatusView, 'overall' | 'severities' | 'services'> {
  const [all] = rowsOf(input, 'all');
  const hasServices = input.config.groupings.includes('service') && input.core.rows.length > 0;
  return {
    overall: all === undefined ? undefined : figures(all, input),
    severities: listOf(rowsOf(input, 'severity').map((row) => ofSeverity(row, input))),
    services: hasServices ? ofServices(input) : undefined,
  };
}

function rowsOf({ core }: FiguresInput, grouping: Grouping): Row[] {
  return core.rows.filter((row) => row.grouping === grouping);
}

function listOf<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

function figures(row: Row, { config, window }: FiguresInput): WindowStats {
  const { mttr, p50, p95, baseline, withinTarget, free, opened, resolved } = figuresOf(row, window);
  return {
    mttrMinutes: mttr,
    medianMinutes: p50,
    p95Minutes: p95,
    baselineMinutes: baseline,
    withinTarget,
    incidentFree: free,
    opened,
    resolved,
    level: mttr === undefined ? undefined : levelOf(mttr, config.levels),
  };
}

function ofSeverity(row: Row, input: FiguresInput): SeverityStats {
  const name = labelOf(row);
  const severity = input.config.severities.find((one) => one.name === name);
  return {
    ...figures(row, input),
    name,
    title: severity?.title,
    targetMinutes: targetMinutes(input.config, name),
    objective: severity?.objective,
    openNow: input.core.openNow.severity.get(name) ?? 0,
  };
}

function ofServices(input: FiguresInput): ServiceStats[] {
  return rowsOf(input, 'service').map((row) => {
    const name = labelOf(row);
    return { ...figures(row, input), name, openNow: input.core.openNow.service.get(name) ?? 0 };
  });
}

/** The only label of a row by severity or by service. */
function labelOf({ labels }: Row): string {
  return labels[0]?.[1] ?? '';
}

/** Minutes in which an incident of this severity should be over; undefined without a target. */
export function targetMinutes({ severities }: Config, severity: string): number | undefined {
  const targetMs = severities.find(({ name }) => name === severity)?.targetMs;
  return targetMs === undefined ? undefined : targetMs / MINUTE_MS;
}
