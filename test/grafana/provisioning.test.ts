import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { FOLDER } from './files.ts';

function read(path: string): unknown {
  return load(readFileSync(`${FOLDER}/${path}`, 'utf8'));
}

const compose = read('../deploy/compose/compose.yml') as {
  services: Record<string, { volumes?: (string | { source: string; target: string })[] }>;
};
const mounts = new Map(
  (compose.services['grafana']?.volumes ?? []).flatMap((volume) =>
    typeof volume === 'string' ? [] : [[volume.source, volume.target] as const],
  ),
);

describe('provisioning of Grafana', () => {
  it('looks for dashboards where the compose stack mounts them', () => {
    const { providers } = read('provisioning/dashboards/mttr-exporter.yml') as {
      providers: { type: string; allowUiUpdates: boolean; options: { path: string } }[];
    };

    expect(providers).toMatchObject([{ type: 'file', options: { path: mounts.get('../../grafana/dashboards') } }]);
    expect(mounts.get('../../grafana/provisioning')).toBe('/etc/grafana/provisioning');
  });

  const { datasources } = read('provisioning/datasources/prometheus.yml') as {
    datasources: {
      type: string;
      url: string;
      jsonData: { exemplarTraceIdDestinations: { name: string; url: string; urlDisplayLabel: string }[] };
    }[];
  };
  const [datasource] = datasources;

  it('takes data from the Prometheus of the compose stack', () => {
    expect(datasource?.type).toBe('prometheus');
    expect(Object.keys(compose.services)).toContain(new URL(datasource?.url ?? '').hostname);
  });

  it('leads from an exemplar to the incident at its platform', () => {
    const destinations = datasource?.jsonData.exemplarTraceIdDestinations ?? [];

    expect(destinations.map(({ urlDisplayLabel }) => urlDisplayLabel)).toEqual([
      'Open in PagerDuty',
      'Open in Opsgenie',
    ]);
    for (const { name, url } of destinations) {
      expect(name).toBe('incident_id');
      expect(new URL(url.replace(`$\${__value.raw}`, 'Q1A2B3')).pathname).toContain('/Q1A2B3');
    }
  });
});
