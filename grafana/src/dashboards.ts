import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { delivery } from './delivery.ts';
import { health } from './health.ts';
import { overview } from './overview.ts';
import { service } from './service.ts';
import { targets } from './targets.ts';
import { ADDRESSES } from './variables.ts';

/** All dashboards by the names of their files. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  'recovery-overview': overview,
  'service-detail': service,
  'targets-and-error-budget': targets,
  'delivery-dora': delivery,
  'exporter-health': health,
};

const DATASOURCE_INPUT = 'DS_PROMETHEUS';

function addressInput(name: string): string {
  return `VAR_${name.toUpperCase()}`;
}

/** The same dashboard for an import by hand: Grafana asks for the data source and the addresses, and no provisioning understands it. */
export function importable(dashboard: Dashboard): object {
  const list = (dashboard.templating.list ?? []).map((variable) => {
    const input = variable.type === 'datasource' ? DATASOURCE_INPUT : addressInput(variable.name);
    const value = `\${${input}}`;
    if (variable.type === 'datasource') return { ...variable, current: { selected: true, text: value, value } };
    return variable.type === 'constant'
      ? { ...variable, query: value, current: { selected: true, text: value, value } }
      : variable;
  });
  return {
    __inputs: [
      {
        name: DATASOURCE_INPUT,
        label: 'Prometheus',
        description: 'The Prometheus that scrapes mttr-exporter',
        type: 'datasource',
        pluginId: 'prometheus',
        pluginName: 'Prometheus',
      },
      ...Object.entries(ADDRESSES).map(([name, { label, value, description }]) => ({
        name: addressInput(name),
        type: 'constant',
        label,
        value,
        description,
      })),
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
