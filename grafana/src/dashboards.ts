import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { health } from './health.ts';
import { overview } from './overview.ts';
import { service } from './service.ts';
import { targets } from './targets.ts';

/** All dashboards by the names of their files. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  'recovery-overview': overview,
  'service-detail': service,
  'targets-and-error-budget': targets,
  'exporter-health': health,
};

const INPUT = 'DS_PROMETHEUS';

/** The same dashboard for an import by hand: Grafana asks for the data source, and no provisioning understands it. */
export function importable(dashboard: Dashboard): object {
  const list = (dashboard.templating.list ?? []).map((variable) =>
    variable.type === 'datasource'
      ? { ...variable, current: { selected: true, text: `\${${INPUT}}`, value: `\${${INPUT}}` } }
      : variable,
  );
  return {
    __inputs: [
      {
        name: INPUT,
        label: 'Prometheus',
        description: 'The Prometheus that scrapes mttr-exporter',
        type: 'datasource',
        pluginId: 'prometheus',
        pluginName: 'Prometheus',
      },
    ],
    __requires: [
      { type: 'grafana', id: 'grafana', name: 'Grafana', version: '10.0.0' },
      { type: 'datasource', id: 'prometheus', name: 'Prometheus', version: '1.0.0' },
    ],
    ...dashboard,
    templating: { list },
  };
}

/** The files below `grafana/` that are made of the dashboards: path → text. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
    files.set(`dashboards/${name}.json`, `${JSON.stringify(dashboard, undefined, 2)}\n`);
    files.set(`import/${name}.json`, `${JSON.stringify(importable(dashboard), undefined, 2)}\n`);
  }
  return files;
}
