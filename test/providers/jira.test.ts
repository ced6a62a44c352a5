import { afterEach, describe, expect, it } from 'vitest';
import { builtinMappings } from '../../src/imports/builtin-mappings.ts';
import { parseIncident } from '../../src/imports/parse-incident.ts';
import type { Incident } from '../../src/model/incident.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { JIRA_FAKE_ACCOUNT, JIRA_FAKE_TOKEN, type JiraFakeOptions } from '../../src/simulator/jira.ts';
import { declared } from './declared/jira.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const at = (minutes: number) => START_MS + minutes * MINUTE_MS;

describe('the Jira provider', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (options: JiraFakeOptions = {}, settings: Readonly<Record<string, unknown>> = {}) => {
    const made = await declaredStage(declared, { options, settings });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  const reopened = [
    event('acknowledge', at(5)),
    event('resolve', at(30)),
    event('reopen', at(60)),
    event('resolve', at(90)),
  ];

  it('takes acknowledgement, ends and reopenings from the changes of status, by their categories', async () => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS, events: reopened }));

    await poll();

    expect(memory.incidents.get('INC-1')).toMatchObject({
      status: 'resolved',
      triggeredAtMs: START_MS,
      acknowledgedAtMs: at(5),
      resolvedAtMs: at(90),
      reopenedAtMs: [at(60)],
      intervals: [
        { openedAtMs: START_MS, closedAtMs: at(30) },
        { openedAtMs: at(60), closedAtMs: at(90) },
      ],
      url: 'https://acme.atlassian.net/browse/INC-1',
      serviceName: 'checkout',
      severity: { priority: 'P2' },
    });
  });

  it('does not take the step that closes an issue for an acknowledgement', async () => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS, events: [event('resolve', at(9))] }));

    await poll();

    expect(memory.incidents.get('INC-1')?.acknowledgedAtMs).toBeUndefined();
    expect(memory.incidents.get('INC-1')?.resolvedAtMs).toBe(at(9));
  });

  it('reads the whole changelog of an issue of which the list shows only the newest changes, once', async () => {
    const { world, memory, time, poll } = await stage({ historiesMax: 1 });
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS, events: reopened }));
    const first = await poll();
    const whole = memory.incidents.get('INC-1');
    time.nowMs += MINUTE_MS;

    const second = await poll();

    expect(whole).toMatchObject({ acknowledgedAtMs: at(5), reopenedAtMs: [at(60)] });
    expect(memory.incidents.get('INC-1')).toEqual(whole);
    expect(first.filter((path) => path.endsWith('/changelog'))).toHaveLength(1);
    expect(second.filter((path) => path.endsWith('/changelog'))).toHaveLength(0);
  });

  it('takes the time of the resolution, and no more, where the categories of statuses may not be read', async () => {
    const { world, memory, poll, fake } = await stage();
    fake.faults.push({ times: 9, path: /status$/, answer: { status: 403, body: {} } });
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS, events: reopened }));

    await poll();

    expect(memory.incidents.get('INC-1')).toMatchObject({ resolvedAtMs: at(90), intervals: [{}] });
    expect(memory.incidents.get('INC-1')?.acknowledgedAtMs).toBeUndefined();
  });

  it('reads Jira Data Center where no account is configured', async () => {
    const { world, memory, poll } = await stage({ isDataCenter: true }, { account: '' });
    for (let index = 0; index < 130; index += 1) {
      world.incidents.push(
        simulated(`INC-${index}`, { triggeredAtMs: at(index), events: [event('resolve', at(200))] }),
      );
    }

    const asked = await poll();

    expect(memory.incidents.size).toBe(130);
    expect(asked).toContain('/rest/api/2/search');
  });

  it('takes an empty answer to credentials that are refused for no empty site', async () => {
    const { world, memory, time, poll, fake } = await stage();
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS }));
    await poll();
    const nothing = { status: 200, body: { issues: [], isLast: true } };
    fake.faults.push({ times: 9, path: /myself$/, answer: declared.unauthorised });
    fake.faults.push({ times: 9, path: /search/, answer: nothing });
    time.nowMs += MINUTE_MS;

    await expect(poll()).rejects.toThrow('401');

    expect(memory.incidents.get('INC-1')?.status).toBe('triggered');
    expect(memory.deletedIds.size).toBe(0);
  });

  it('keeps an issue under its key when it is moved to another project', async () => {
    const { world, memory, time, poll, fake } = await stage();
    world.incidents.push(simulated('OLD-1', { triggeredAtMs: START_MS }));
    await poll();
    const issue = await search(fake.url);
    const item = { field: 'Key', from: null, fromString: 'OLD-1', to: null, toString: 'NEW-7' };
    const histories = [{ created: new Date(NOW_MS).toISOString(), items: [item] }];
    const fields = { ...Object(issue['fields']), updated: new Date(NOW_MS).toISOString() };
    const moved = { ...issue, key: 'NEW-7', fields, changelog: { total: 1, histories } };
    const answer = { status: 200, body: { issues: [moved], isLast: true } };
    fake.faults.push({ times: 2, path: /search/, answer });
    time.nowMs += MINUTE_MS;

    await poll();

    expect([...memory.incidents.keys()]).toEqual(['OLD-1']);
    expect(memory.incidents.get('OLD-1')?.updatedAtMs).toBe(NOW_MS);
  });

  it.each([
    { says: 'excludes duplicates', title: '[duplicate] again', exclusion: 'flagged' },
    { says: 'takes what was done', title: 'Checkout is slow', exclusion: undefined },
  ])('$says', async ({ title, exclusion }) => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('INC-1', { title, triggeredAtMs: START_MS, events: [event('resolve', at(9))] }));

    await poll();

    expect(memory.incidents.get('INC-1')?.exclusion).toBe(exclusion);
  });

  it('takes the start of the impact from the field that is configured for it', async () => {
    const { world, memory, poll, provider } = await stage({}, { timestamps: { started: 'customfield_10050' } });
    world.incidents.push(simulated('INC-1', { triggeredAtMs: START_MS }));

    await poll();

    expect(memory.incidents.get('INC-1')?.startedAtMs).toBe(START_MS - 5 * MINUTE_MS);
    expect(provider.capabilities.started).toBe(true);
  });

  it('asks for the fields that the configuration takes the service from', async () => {
    const config = { services: { tag: undefined, from: ['field:fields.customfield_10042.value'], rename: [] } };
    const made = await declaredStage(declared, { config });
    stages.push(made);

    await made.poll();

    const asked = made.fake.requests.filter(({ path }) => path.endsWith('/search/jql'));
    expect(asked.every(({ query }) => query.get('fields')?.split(',').includes('customfield_10042'))).toBe(true);
  });

  it('agrees with what is imported of the same issue, as JSON and as CSV', async () => {
    const { world, memory, poll, fake } = await stage();
    world.incidents.push(
      simulated('INC-1', {
        title: 'Checkout answers 502',
        triggeredAtMs: START_MS,
        events: [event('resolve', at(45))],
      }),
    );
    await poll();
    const issue = await search(fake.url);
    const row = {
      'Issue key': 'INC-1',
      Summary: 'Checkout answers 502',
      'Component/s': 'checkout',
      Priority: 'P2',
      'Status Category': 'Done',
      Created: '02/Nov/26 7:00 AM',
      Updated: '02/Nov/26 7:45 AM',
      Resolved: '02/Nov/26 7:45 AM',
    };

    const [polled] = [...memory.incidents.values()].map(facts);

    expect([issue, row].map(imported)).toEqual([polled, polled]);
  });
});

async function search(url: string): Promise<Record<string, unknown>> {
  const authorization = `Basic ${Buffer.from(`${JIRA_FAKE_ACCOUNT}:${JIRA_FAKE_TOKEN}`).toString('base64')}`;
  const query = new URLSearchParams({ jql: '(issuetype = Incident) ORDER BY created ASC', fields: '*all' });
  const response = await fetch(`${url}/rest/api/3/search/jql?${query.toString()}`, { headers: { authorization } });
  const body: unknown = await response.json();
  return Object(body).issues[0];
}

/** What an import makes of a record. */
function imported(record: unknown): ReturnType<typeof facts> {
  const mapping = builtinMappings.get('jira');
  if (mapping === undefined) throw new TypeError('expected a mapping of that name');
  const context = { mapping, zone: 'UTC', tags: { service: undefined, severity: undefined } };
  const parsed = parseIncident(record, context, NOW_MS);
  if ('reason' in parsed) throw new Error(parsed.detail);
  return facts(parsed.incident);
}

function facts({ id, title, serviceId, serviceName, severity, status, ...times }: Incident) {
  const { triggeredAtMs, resolvedAtMs, updatedAtMs, fingerprint } = times;
  const { priority } = severity;
  return { id, title, serviceId, serviceName, priority, status, triggeredAtMs, resolvedAtMs, updatedAtMs, fingerprint };
}
