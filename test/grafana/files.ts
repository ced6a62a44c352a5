import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder with everything for Grafana. */
export const FOLDER = fileURLToPath(new URL('../../grafana', import.meta.url));

export interface Link {
  readonly title: string;
  readonly url: string;
  readonly keepTime: boolean;
  readonly targetBlank: boolean;
}

export interface Target {
  readonly refId?: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
  readonly datasource?: { readonly uid: string };
}

export interface Mapping {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Thresholds {
  readonly steps: readonly { readonly value: number | null; readonly color: string }[];
}

export interface FieldDefaults {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly color?: { readonly mode: string; readonly fixedColor?: string };
  readonly mappings?: readonly Mapping[];
  readonly thresholds?: Thresholds;
  readonly custom?: {
    readonly minWidth?: number;
    readonly scaleDistribution?: { readonly type: string };
    readonly thresholdsStyle?: { readonly mode: string };
  };
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly links?: readonly Link[];
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly uid: string };
  readonly maxDataPoints?: number;
  readonly options?: {
    readonly textMode?: string;
    readonly colorMode?: string;
    readonly mergeValues?: boolean;
    readonly yAxis?: { readonly unit?: string };
    readonly cellValues?: { readonly unit?: string };
  };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: FieldDefaults; readonly overrides: readonly Override[] };
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, object> }[];
  /** Of a collapsed row. */
  readonly panels?: readonly Panel[];
  readonly collapsed?: boolean;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly regex?: string;
  readonly allValue?: string;
  readonly includeAll: boolean;
  readonly hide?: number;
  readonly current?: { readonly value: string | readonly string[] };
}

export interface Annotation {
  readonly name: string;
  readonly enable: boolean;
  readonly expr: string;
  readonly target: Target;
  readonly iconColor: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly links: readonly Link[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list?: readonly Annotation[] };
}

/** Every committed file below a folder of `grafana/`, by its name. */
export function filesIn(folder: string): Map<string, string> {
  const names = readdirSync(`${FOLDER}/${folder}`).toSorted();
  return new Map(names.map((name) => [name, readFileSync(`${FOLDER}/${folder}/${name}`, 'utf8')]));
}

/** The dashboards as they are committed, by their titles. */
export function committedDashboards(): [title: string, dashboard: Dashboard][] {
  return [...filesIn('dashboards').values()].map((text) => {
    const dashboard = JSON.parse(text) as Dashboard;
    return [dashboard.title, dashboard];
  });
}

/** Panels and headings, those of collapsed rows too. */
export function allPanels({ panels }: Pick<Dashboard, 'panels'>): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** Panels that show something, without headings. */
export function shownPanels(dashboard: Pick<Dashboard, 'panels'>): Panel[] {
  return allPanels(dashboard).filter(({ type }) => type !== 'row');
}

/** What a variable asks Prometheus; empty for one that does not. */
export function queryOf({ type, query }: Variable): string {
  if (type !== 'query') return '';
  return typeof query === 'string' ? query : query.query;
}
