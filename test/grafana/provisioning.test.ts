import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { IncidentsQuery, parseParameters } from '../../src/server/api/queries.ts';
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
  it('has every folder that Grafana looks into at its start, each with a file', () => {
    const folders = readdirSync(`${FOLDER}/provisioning`).toSorted();

    expect(folders).toEqual(['alerting', 'dashboards', 'datasources', 'plugins']);
    for (const folder of folders) {
      const files = readdirSync(`${FOLDER}/provisioning/${folder}`);
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) expect(read(`provisioning/${folder}/${file}`)).toMatchObject({ apiVersion: 1 });
    }
  });

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

  it('leads from an exemplar to the exporter, which knows the platform of each incident', () => {
    const destinations = datasource?.jsonData.exemplarTraceIdDestinations ?? [];

    expect(destinations.map(({ name, urlDisplayLabel }) => [name, urlDisplayLabel])).toEqual([
      ['incident_id', 'Find at the exporter'],
    ]);
    for (const { url } of destinations) {
      const { pathname, searchParams } = new URL(url);
      expect(pathname).toBe('/api/v1/incidents');
      expect(parseParameters(IncidentsQuery, Object.fromEntries(searchParams))).toMatchObject({
        status: 'resolved',
        limit: 1000,
        provider: `$\${__data.fields.provider}`,
      });
    }
  });
});
