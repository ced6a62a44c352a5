import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listDeployments } from '../../src/app/api/deployments.ts';
import { readDora } from '../../src/app/api/dora.ts';
import { listIncidents } from '../../src/app/api/incidents.ts';
import { createLabelMappers } from '../../src/core/settings.ts';
import { DeploymentsResponse, DoraResponse, IncidentsResponse } from '../../src/server/api/schemas.ts';
import { openSnapshot } from '../../src/store/snapshot.ts';
import { setupOf, stageCore } from '../core/stage.ts';
import { changes, comparison, failure, success } from '../store/deployment-fixtures.ts';
import { at, DAY_MS, poll, recovered, SINCE } from '../store/fixtures.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { pagesIn } from './run-backfill.ts';
import { runLine } from './run-line.ts';

const MORE = 'dora: { minimum_sample: 1 }\nwindows: [30d]\n';
const NOW_MS = at(600);

/** A store with a small history of deployments and one incident after the second success. */
function stage(providers: readonly string[] = ['{ type: pagerduty, api_key: k }', '{ name: ci, type: import }']) {
  const folder = temporaryFolder();
  const path = join(folder, 'store.db');
  const { core } = stageCore({ path, setup: setupOf(providers, MORE) });
  const historyStartMs = SINCE - 200 * DAY_MS;
  const complete = { polledUntilMs: NOW_MS, historyStartMs };
  const incidents = [recovered('Q', 30, { triggeredAtMs: at(300) })];
  core.commit({ ...poll(NOW_MS, { incidents }), provider: 'pagerduty', startedAtMs: SINCE, complete });
  const search = { repository: 'acme/search', serviceName: 'search' };
  const deployments = [
    success('a', 10),
    failure('b', 100),
    success('c', 160),
    success('d', 200, { ref: 'hotfix/1' }),
    success('s', 50, search),
  ];
  const comparisons = [comparison('a', 'c', 'ahead', changes(40, 100))];
  core.commit({ ...poll(NOW_MS, { deployments, comparisons }), provider: 'ci', startedAtMs: SINCE, complete });
  core.close();
  const file = join(folder, 'c.yml');
  writeFileSync(file, `providers: [${providers.join(', ')}]\n${MORE}store: { path: "${path}" }\n`);
  const run = (...words: string[]) => runLine({ words: ['dora', `--config.file=${file}`, ...words], nowMs: NOW_MS });
  const other = (...words: string[]) => runLine({ words: [...words, `--config.file=${file}`], nowMs: NOW_MS });
  return { folder, path, run, other };
}

describe('dora', () => {
  it('shows the four keys, rework and the level of each service', async () => {
    const { code, printed, said } = await stage().run();

    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(printed).toContain('SOFTWARE DELIVERY (DORA) REPORT\n');
    const rows = printed.split('\n').map((line) =>
      line
        .split('│')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
    expect(rows).toContainEqual([
      'Service',
      'Deployments',
      'Per Day',
      'Lead Time',
      'Change Failure',
      'Recovery Time',
      'Rework',
      'Level',
    ]);
    expect(rows).toContainEqual(['checkout', '4', '0.10', '90.0 min', '50.0%', '45.0 min', '50.0%', 'Low']);
    expect(rows).toContainEqual(['all', '5', '0.13', '90.0 min', '40.0%', '45.0 min', '40.0%', 'Medium']);
  });

  it('writes every number for programs, null where nothing is known', async () => {
    const { printed } = await stage().run('--output=json', '--compare');

    const document = JSON.parse(printed);
    expect(document).toMatchObject({
      all: { deployments: 5, failures: 2, recoveries: 2, changes: 2, lead_time_mean_minutes: 90, rework_ratio: 0.4 },
      services: [{ name: 'checkout' }, { name: 'search', lead_time_mean_minutes: null, levels: { overall: null } }],
      before: { from: '2025-11-11T10:00:00.001Z' },
    });
    expect(document.all.before).toMatchObject({ deployments: 0, change_failure_ratio: null });
  });

  it('shows one service alone, and names those that there are', async () => {
    const { run } = stage();

    const one = await run('--service=search', '--output=csv');
    const unknown = await run('--service=serach');

    expect(one.printed.split('\r\n').map((line) => line.split(',').slice(0, 3).join(','))).toEqual([
      'grouping,name,period',
      'all,,now',
      'service,search,now',
      'provider,ci,now',
      '',
    ]);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.said).toContain('--service: "serach" is unknown; did you mean "search"? (known: checkout, search)');
  });

  it('writes Markdown to a file', async () => {
    const { folder, run } = stage();
    const file = join(folder, 'delivery.md');

    await run('--output=markdown', `--output-file=${file}`);

    expect(existsSync(file) && readFileSync(file, 'utf8')).toContain('# Software Delivery (DORA) Report\n');
  });

  it('refuses a configuration without deployments', async () => {
    const { folder } = stage();
    const file = join(folder, 'other.yml');
    writeFileSync(file, 'providers: [{ type: pagerduty, api_key: k }]\n');

    const { code, said } = await runLine({ words: ['dora', `--config.file=${file}`], nowMs: NOW_MS });

    expect({ code, said }).toEqual({
      code: 2,
      said: 'mttr-exporter: providers: none has deployments; expected one with source: deployments\n',
    });
  });
});

describe('other commands', () => {
  it('report has a section of deliveries, where there are deployments', async () => {
    const { other } = stage();

    const text = await other('report');
    const json = await other('report', '--output=json');
    const slack = await other('report', '--output=slack');

    expect(text.printed).toContain('Delivery by Service:\n');
    expect(slack.printed).toMatch(/\*Delivery by service\*\\n\*checkout\*: \d deployments/);
    expect(JSON.parse(json.printed).delivery).toMatchObject({
      all: { deployments: 5 },
      services: [{}, { name: 'search' }],
    });
  });

  it('postmortem names the deployment before the incident', async () => {
    const { other } = stage();

    const text = await other('postmortem', 'Q');
    const json = await other('postmortem', 'Q', '--output=json');

    expect(text.printed).toContain('| d | ci | acme/checkout | production |');
    expect(JSON.parse(json.printed).recent_changes).toMatchObject({
      known: true,
      changes: [{ id: 'd', provider: 'ci', minutes_before_trigger: 100 }],
    });
  });
});

describe('the API', () => {
  const open = () => {
    const providers = ['{ type: pagerduty, api_key: k }', '{ name: ci, type: import }'];
    const { path } = stage(providers);
    const { config } = setupOf(providers, MORE);
    const history = openSnapshot({ path, labelMappers: createLabelMappers(config), maxServices: 500 });
    return { config, history, nowMs: NOW_MS };
  };

  it('answers with the rows of /metrics', () => {
    const input = open();

    const answer = DoraResponse.parse(readDora(input, { by: 'service', service: 'checkout' }));
    input.history.close();

    expect(answer.rows).toMatchObject([
      {
        by: 'service',
        window: '30d',
        service: 'checkout',
        deployments: 4,
        change_failure_ratio: 0.5,
        levels: { overall: 'low' },
      },
    ]);
    expect(answer.rows[0]).not.toHaveProperty('deployment_frequency_baseline');
  });

  it('names the deployment before an incident', () => {
    const input = open();
    const labelMappers = createLabelMappers(input.config);

    const { incidents } = IncidentsResponse.parse(listIncidents({ ...input, labelMappers }, { limit: 10, id: 'Q' }));
    input.history.close();

    expect(incidents).toMatchObject([{ id: 'Q', deployment_before: { id: 'd', minutes_before_trigger: 100 } }]);
  });

  it('lists deployments with why they failed and the incidents after them, page by page', () => {
    const input = open();

    const first = DeploymentsResponse.parse(listDeployments(input, { limit: 3 }));
    const second = DeploymentsResponse.parse(listDeployments(input, { limit: 3, cursor: first.next_cursor }));
    input.history.close();

    expect(first.deployments).toMatchObject([
      { id: 'd', failed: true, reasons: ['incident'], rework: true, recovery_minutes: 30, incidents: [{ id: 'Q' }] },
      { id: 'c', failed: false, reasons: [], rework: true, changes: 2, incidents: [] },
      { id: 'b', outcome: 'failure', reasons: ['deployment'], recovery_minutes: 60 },
    ]);
    expect(second.deployments.map(({ id }) => id)).toEqual(['s', 'a']);
    expect(second.next_cursor).toBeUndefined();
  });
});

it('backfill writes the gauges of deployments as they were', async () => {
  const { folder, other } = stage();
  const toMs = at(360);
  const output = join(folder, 'history');

  const { code, said } = await other(
    'backfill',
    '--from=4h',
    `--to=${new Date(toMs).toISOString()}`,
    '--step=1h',
    '--quiet',
    `--output-directory=${output}`,
  );

  const pages = pagesIn(output);
  const read = (atMs: number, name: string) => pages.get(atMs / 1000)?.value(name, { by: 'all', window: '30d' });
  expect({ code, said }).toEqual({ code: 0, said: '' });
  // A failure belongs to the window in which its deployment ended, also where the incident after it came later.
  expect([180, 240, 360].map((minute) => read(at(minute), 'dora_window_deployments'))).toEqual([4, 5, 5]);
  expect([180, 240, 360].map((minute) => read(at(minute), 'dora_change_failure_ratio'))).toEqual([0.25, 0.4, 0.4]);
  expect(read(toMs, 'dora_recovery_time_minutes')).toBe(45);
});
