import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../grafana/src/dashboards.ts';
import { filesIn } from './files.ts';

const generated = generatedFiles();

describe('what is committed is what the sources make (npm run dashboards)', () => {
  it.each([...generated.keys()])('grafana/%s', (path) => {
    const [folder = '', name = ''] = path.split('/');

    const committed = filesIn(folder).get(name);

    expect(committed).toBe(generated.get(path));
  });

  it.each(['dashboards', 'import'])('and nothing else is in grafana/%s', (folder) => {
    const names = [...filesIn(folder).keys()].map((name) => `${folder}/${name}`);

    expect(names).toEqual([...generated.keys()].filter((path) => path.startsWith(`${folder}/`)).toSorted());
  });
});

describe('a dashboard for import by hand', () => {
  it.each([...filesIn('import')])('%s asks for its data source and is else the same', (name, text) => {
    const { __inputs, __requires, ...rest } = JSON.parse(text);

    const asked = rest.templating.list.find(({ type }: { type: string }) => type === 'datasource');
    const own = asked.current;
    delete asked.current;

    expect(__inputs).toMatchObject([{ name: 'DS_PROMETHEUS', type: 'datasource', pluginId: 'prometheus' }]);
    expect(__requires).toHaveLength(2);
    expect(own.value).toBe(`\${DS_PROMETHEUS}`);
    expect(rest).toEqual(JSON.parse(filesIn('dashboards').get(name) ?? ''));
  });

  it('is not what is provisioned, which knows no inputs', () => {
    const provisioned = [...filesIn('dashboards').values()];

    expect(provisioned.filter((text) => text.includes('__inputs') || text.includes('DS_PROMETHEUS'))).toEqual([]);
  });
});
