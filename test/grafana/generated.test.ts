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
  it.each([...filesIn('import')])('%s asks for its data source and addresses and is else the same', (name, text) => {
    const { __inputs, __requires, ...rest } = JSON.parse(text);
    const provisioned = JSON.parse(filesIn('dashboards').get(name) ?? '');

    const inputs = __inputs.map(({ name: input, type }: { name: string; type: string }) => [input, type]);
    const values = rest.templating.list
      .filter(({ type }: { type: string }) => type === 'datasource' || type === 'constant')
      .map(({ current }: { current: { value: string } }) => current.value);
    rest.templating = provisioned.templating;

    expect(inputs).toEqual([
      ['DS_PROMETHEUS', 'datasource'],
      ['VAR_EXPORTER', 'constant'],
      ['VAR_REPOSITORY', 'constant'],
    ]);
    expect(values).toEqual(inputs.map(([input]: string[]) => `\${${input}}`));
    expect(__requires).toHaveLength(2);
    expect(rest).toEqual(provisioned);
  });

  it('is not what is provisioned, which knows no inputs', () => {
    const provisioned = [...filesIn('dashboards').values()];

    expect(provisioned.filter((text) => text.includes('__inputs') || /DS_PROMETHEUS|VAR_/.test(text))).toEqual([]);
  });
});
