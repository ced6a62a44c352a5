import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder with everything for Grafana. */
export const FOLDER = fileURLToPath(new URL('../../grafana', import.meta.url));

export interface Link {
  readonly title: string;
  readonly url: string;
  readonly keepTime: boolean;
}

export interface Target {
  readonly refId?: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
  readonly datasource?: { readonly uid: string };
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly links?: readonly Link[];
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly uid: string };
  readonly options?: { readonly textMode?: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[];
  };
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, object> }[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly regex?: string;
  readonly allValue?: string;
  readonly includeAll: boolean;
  readonly current?: { readonly value: string | readonly string[] };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly links: readonly Link[];
  readonly templating: { readonly list: readonly Variable[] };
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

/** Panels that show something, without headings. */
export function shownPanels({ panels }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/** What a variable asks Prometheus; empty for the data source. */
export function queryOf({ type, query }: Variable): string {
  if (type !== 'query') return '';
  return typeof query === 'string' ? query : query.query;
}
