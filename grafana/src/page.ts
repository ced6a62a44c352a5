import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PLACE_NAMES, PLACES, type PlaceName, topLink } from './links.ts';

/** Panels under one heading; their widths fill lines of 24 columns. */
export interface Section {
  /** Stays with the heading for good; beside those of the panels. */
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

interface Page {
  readonly place: PlaceName;
  readonly description: string;
  readonly variables: Builder<VariableModel>[];
  readonly sections: readonly Section[];
}

/** A day: long enough for a line, short enough that what was scraped for minutes is seen. */
const RANGE = { from: 'now-24h', to: 'now' };

/** Puts a dashboard together, with links to the others on top. */
export function page({ place, description, variables, sections }: Page): Dashboard {
  const others = PLACE_NAMES.filter((name) => name !== place);
  const builder = new DashboardBuilder(PLACES[place].title)
    .uid(PLACES[place].uid)
    .description(description)
    .tags(['mttr-exporter'])
    .timezone('browser')
    .time(RANGE)
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .annotations([])
    .links(others.map((name) => topLink(name, place)))
    .variables(variables);
  for (const { id, title, panels } of sections) {
    builder.withRow(new RowBuilder(title).id(id));
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}
