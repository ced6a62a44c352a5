import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/flags.ts';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { CLOUDWATCH_PEOPLE } from '../../src/simulator/cloudwatch/answers.ts';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import { OPSGENIE_PEOPLE } from '../../src/simulator/opsgenie/wire.ts';
import { OPSGENIE_FAKE_KEY, type OpsgenieFakeOptions, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_PEOPLE } from '../../src/simulator/pagerduty/wire.ts';
import { PAGERDUTY_FAKE_KEY, type PagerdutyFakeOptions, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { closeAll, respondInOrder, startServer } from '../http/setup.ts';
import { withCredentials } from '../providers/cloudwatch-stage.ts';
import { alarm, closing, incidents, MINUTE_MS, runDoctor, runDoctorJson, world } from './run-doctor.ts';

withCredentials();
afterEach(async () => {
  nock.cleanAll();
  await closeAll();
});

async function pagerdutyFake(options: PagerdutyFakeOptions = {}, list = incidents(3)) {
  return closing(await startPagerdutyFake(world({ incidents: list }), options));
}

async function opsgenieFake(options: OpsgenieFakeOptions = {}, list = incidents(3)) {
  return closing(await startOpsgenieFake(world({ incidents: list }), options));
}

const ALARMS = [alarm('checkout-5xx', { service: 'checkout', severity: 'P1' })];

async function cloudwatchFake(options: Parameters<typeof startCloudwatchFake>[1] = {}) {
  return closing(await startCloudwatchFake(world({ alarms: ALARMS }), options));
}

function pagerduty(url: string, more = '', key = PAGERDUTY_FAKE_KEY): string {
  return `providers: [{ name: pd, type: pagerduty, api_key: ${key}, base_url: "${url}", rate_limit: 1000/s${more} }]\n`;
}

function opsgenie(url: string, more = '', key = OPSGENIE_FAKE_KEY): string {
  return `providers: [{ name: og, type: opsgenie, api_key: ${key}, base_url: "${url}", rate_limit: 1000/s${more} }]\n`;
}

function cloudwatch(url: string, more = ''): string {
  return `providers: [{ name: aws, type: cloudwatch, regions: [eu-west-1], base_url: "${url}", rate_limit: 1000/s${more} }]\n`;
}

describe('the doctor finds no problem', () => {
  it('with a readable PagerDuty account', async () => {
    const fake = await pagerdutyFake({ perMinute: 960 });

    const { code, json, check, failed, warned, untried } = await runDoctorJson(pagerduty(fake.url));

    expect({ code, verdict: json.verdict, failed, warned, untried }).toEqual({
      code: 0,
      verdict: 'good',
      failed: [],
      warned: [],
      untried: [],
    });
    expect(check('first page')?.numbers).toMatchObject({
      incidents: 3,
      rejected: 0,
      excluded: 0,
      history_incidents: 3,
    });
    expect(check('services')?.found).toBe('1 on the first page: checkout; 1 listed by the platform');
    expect(check('severities')?.found).toBe('found P2');
    expect(check('allowance')?.numbers?.['remaining_requests']).toBe(960 - fake.requests.length);
    expect(check('requests')?.numbers).toEqual({ requests_per_day: 2904, allowance_share: expect.any(Number) });
  });

  it.each(['alerts', 'incidents'])('with a readable Opsgenie account: %s', async (source) => {
    const fake = await opsgenieFake();

    const { code, failed, warned, untried, check } = await runDoctorJson(opsgenie(fake.url, `, source: ${source}`));

    expect({ code, failed, warned, untried }).toEqual({ code: 0, failed: [], warned: [], untried: [] });
    expect(check('services')?.found).toContain('1 on the first page: checkout');
  });

  it('with a readable AWS account, and estimates the cost', async () => {
    const fake = await cloudwatchFake();

    const { code, failed, warned, untried, check } = await runDoctorJson(cloudwatch(fake.url));

    expect({ code, failed, warned, untried }).toEqual({ code: 0, failed: [], warned: ['baselines'], untried: [] });
    expect(check('severities')?.found).toBe('found P1');
    expect(check('cost')).toMatchObject({
      found: 'about 0.86 USD for 30 days, at the list price of 0.01 USD per 1,000 requests, without a free tier',
      numbers: { usd_per_month: 0.86, usd_per_thousand: 0.01 },
    });
  });

  it('without naming a person or showing a key', async () => {
    const [one, two, three] = [await pagerdutyFake(), await opsgenieFake(), await cloudwatchFake()];
    const more = [opsgenie(two.url), cloudwatch(three.url)].map((yaml) =>
      yaml.replace('providers: [', '').replace(']\n', ''),
    );
    const yaml = pagerduty(one.url).replace(']\n', `, ${more.map((text) => text.replace(/]\s*$/, '')).join(', ')}]\n`);

    const texts = [(await runDoctor(yaml)).text, (await runDoctor(yaml, { output: 'json' })).text].join();

    const people = [...PAGERDUTY_PEOPLE, ...OPSGENIE_PEOPLE].flatMap(({ name, email, id }) => [name, email, id]);
    const secrets = [PAGERDUTY_FAKE_KEY, OPSGENIE_FAKE_KEY, 'AKIDEXAMPLE', 'example-secret'];
    const unwanted = [...people, ...Object.values(CLOUDWATCH_PEOPLE), ...secrets];
    expect(texts).toContain('aws works, with 1 warning.');
    expect(unwanted.filter((word) => texts.includes(word))).toEqual([]);
  });
});

describe('the doctor finds wrong credentials', () => {
  it.each([
    { says: 'PagerDuty', start: pagerdutyFake, yaml: (url: string) => pagerduty(url, '', 'wrong-key-1') },
    { says: 'Opsgenie', start: opsgenieFake, yaml: (url: string) => opsgenie(url, '', 'wrong-key-1') },
    {
      says: 'CloudWatch',
      start: () => cloudwatchFake({ accessKey: 'ANOTHER' }),
      yaml: (url: string) => cloudwatch(url),
    },
  ])('of $says, and makes no further request', async ({ start, yaml }) => {
    const fake = await start();

    const { code, check, text, failed, json } = await runDoctorJson(yaml(fake.url));

    expect(code).toBe(1);
    expect(failed).toContain('credentials');
    expect(check('reachable')?.result).toBe('ok');
    expect(check('region')?.result).toBe('warning');
    expect(check('first page')?.result).toBe('untried');
    expect(fake.requests).toHaveLength(1);
    expect(text).not.toContain('wrong-key-1');
    expect(json.series.without).toEqual([json.providers[0]?.name]);
  });

  it('also where an answer repeats the key, which is not shown', async () => {
    const { url } = await startServer(
      respondInOrder({ status: 401, body: { error: { message: 'no such key: wrong-key-1' } } }),
    );

    const { code, check, text } = await runDoctorJson(pagerduty(url, '', 'wrong-key-1'));

    expect(code).toBe(1);
    expect(check('credentials')?.found).toBe('GET /incidents: 401: no such key: [redacted]');
    expect(text).not.toContain('wrong-key-1');
  });

  it.each([
    { region: 'us', type: 'pagerduty', host: 'https://api.pagerduty.com', other: 'eu' },
    { region: 'eu', type: 'pagerduty', host: 'https://api.eu.pagerduty.com', other: 'us' },
    { region: 'us', type: 'opsgenie', host: 'https://api.opsgenie.com', other: 'eu' },
    { region: 'eu', type: 'opsgenie', host: 'https://api.eu.opsgenie.com', other: 'us' },
  ])(
    'of a key of $type in $region, names the other region and never asks it',
    async ({ region, type, host, other }) => {
      nock.disableNetConnect();
      nock(host).get(/.*/).query(true).reply(401, { message: 'no' });
      nock(host.replace(/eu\.|(?<=api\.)/, other === 'eu' ? 'eu.' : ''))
        .get(/.*/)
        .query(true)
        .reply(200, {});
      const yaml = `providers: [{ name: one, type: ${type}, api_key: k-of-elsewhere, region: ${region} }]\n`;

      const { code, check } = await runDoctorJson(yaml);

      nock.enableNetConnect();
      expect(nock.pendingMocks()).toHaveLength(1);
      expect(code).toBe(1);
      expect(check('region')).toMatchObject({
        result: 'warning',
        found: expect.stringContaining(`try region: ${other}`),
      });
      expect(check('reachable')?.result).toBe('ok');
    },
  );

  it('of AWS, where there are none at all', async () => {
    const fake = await cloudwatchFake();
    const { AWS_ACCESS_KEY_ID: before } = process.env;
    delete process.env['AWS_ACCESS_KEY_ID'];

    const { code, check } = await runDoctorJson(cloudwatch(fake.url));

    process.env['AWS_ACCESS_KEY_ID'] = before;
    expect(code).toBe(1);
    expect(check('credentials')).toMatchObject({
      result: 'failed',
      found: expect.stringContaining('Could not load credentials'),
    });
    expect(check('reachable')?.result).toBe('untried');
    expect(fake.requests).toEqual([]);
  });
});

describe('the doctor finds a missing permission', () => {
  it.each([
    { lacks: 'incidents', call: 'GET /incidents', result: 'failed', code: 1 },
    { lacks: 'log_entries', call: 'GET /log_entries', result: 'failed', code: 1 },
    { lacks: 'services', call: 'GET /services', result: 'warning', code: 0 },
    { lacks: 'priorities', call: 'GET /priorities', result: 'warning', code: 0 },
  ] as const)('of PagerDuty: $lacks', async ({ lacks, call, result, code: expected }) => {
    const fake = await pagerdutyFake({ refused: [lacks] });

    const { code, check } = await runDoctorJson(pagerduty(fake.url));

    expect(code).toBe(expected);
    expect(check(call)).toMatchObject({
      result,
      found: expect.stringMatching(/403: Access Denied; impact: \w/),
    });
    expect(check('credentials')?.result).toBe('ok');
  });

  it.each([
    { source: 'alerts', lacks: '/v2/alerts', call: 'GET /v2/alerts', result: 'failed', code: 1 },
    { source: 'alerts', lacks: '/v2/alerts/count', call: 'GET /v2/alerts/count', result: 'failed', code: 1 },
    { source: 'alerts', lacks: '/v2/teams', call: 'GET /v2/teams', result: 'warning', code: 0 },
    { source: 'incidents', lacks: '/v1/incidents', call: 'GET /v1/incidents', result: 'failed', code: 1 },
    { source: 'incidents', lacks: '/v1/services', call: 'GET /v1/services', result: 'warning', code: 0 },
  ] as const)('of Opsgenie $source: $lacks', async ({ source, lacks, call, result, code: expected }) => {
    const fake = await opsgenieFake({ refused: [lacks] });

    const { code, check } = await runDoctorJson(opsgenie(fake.url, `, source: ${source}`));

    expect(code).toBe(expected);
    expect(check(call)).toMatchObject({
      result,
      found: expect.stringMatching(/403: You are not .*; impact: \w/),
    });
  });

  it.each([
    { lacks: 'DescribeAlarms', result: 'failed', code: 1 },
    { lacks: 'DescribeAlarmHistory', result: 'failed', code: 1 },
    { lacks: 'ListTagsForResource', result: 'warning', code: 0 },
  ] as const)('of CloudWatch: $lacks', async ({ lacks, result, code: expected }) => {
    const fake = await cloudwatchFake({ denied: [lacks] });

    const { code, check } = await runDoctorJson(cloudwatch(fake.url));

    expect(code).toBe(expected);
    expect(check(`${lacks} (eu-west-1)`)).toMatchObject({
      result,
      found: expect.stringMatching(/AccessDenied.*; impact: \w/),
    });
    expect(check('credentials')?.result).toBe('ok');
  });

  it('of an account without such a list, which is no wrong URL', async () => {
    const fake = await pagerdutyFake({ perMinute: 960 });
    fake.faults.push({ times: 1, path: /^\/priorities$/, answer: { status: 404, body: {} } });

    const { code, warned, check } = await runDoctorJson(pagerduty(fake.url));

    expect({ code, warned }).toEqual({ code: 0, warned: ['GET /priorities'] });
    // That answer had no header; what an earlier one told stands.
    expect(check('allowance')?.numbers?.['remaining_requests']).toBeGreaterThan(900);
  });

  it('or finds a wrong URL, where what every account has is missing', async () => {
    const { url } = await startServer(respondInOrder({ status: 404, body: {} }));

    const { code, failed } = await runDoctorJson(pagerduty(url));

    expect({ code, failed }).toEqual({ code: 1, failed: ['GET /incidents'] });
  });

  it('of CloudWatch: the role may not be assumed', async () => {
    const body =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    const sts = await startServer(respondInOrder({ status: 403, headers: { 'content-type': 'text/xml' }, body }));
    process.env['AWS_ENDPOINT_URL_STS'] = sts.url;
    const fake = await cloudwatchFake();

    const { code, check } = await runDoctorJson(
      cloudwatch(fake.url, ', role_arn: "arn:aws:iam::123456789012:role/reader"'),
    );

    delete process.env['AWS_ENDPOINT_URL_STS'];
    expect(code).toBe(1);
    expect(check('sts:AssumeRole')?.result).toBe('failed');
    expect(check('credentials')?.found).toBe('sts:AssumeRole: AccessDenied: no');
    expect(fake.requests).toEqual([]);
  });
});

describe('the doctor finds a platform that does not respond correctly', () => {
  it('as its host is down', async () => {
    const fake = await pagerdutyFake();
    await fake.close();

    const { code, check, failed, json } = await runDoctorJson(pagerduty(fake.url));

    expect(code).toBe(1);
    expect(failed).toEqual(['reachable', 'GET /incidents']);
    expect(check('reachable')?.found).toContain('ECONNREFUSED');
    expect(check('GET /log_entries')).toMatchObject({
      result: 'untried',
      found: 'not asked, because of GET /incidents',
    });
    expect(json.series.without).toEqual(['pd']);
  });

  it('as it does not respond within the time-out', async () => {
    const fake = await pagerdutyFake();
    fake.faults.push({ times: 10, answer: 'hang' });

    const { code, check } = await runDoctorJson(pagerduty(fake.url), { timeout: '300ms' });

    expect(code).toBe(1);
    expect(check('reachable')).toMatchObject({ result: 'failed', found: 'no response within 300ms' });
    expect(fake.requests).toHaveLength(1);
  });

  it('as it responds with a web page, which is no problem of credentials', async () => {
    const { url } = await startServer(respondInOrder({ status: 200, body: '<html>Please log in</html>' }));

    const { code, check, failed } = await runDoctorJson(pagerduty(url));

    expect(code).toBe(1);
    expect(failed).toEqual(['GET /incidents']);
    expect(check('GET /incidents')?.found).toContain('the response is a web page, expected JSON');
    expect(check('reachable')?.result).toBe('ok');
    expect(check('credentials')?.result).toBe('untried');
  });

  it('as the response has another shape', async () => {
    const { url } = await startServer(respondInOrder({ status: 200, body: { data: [] } }));

    const { code, check } = await runDoctorJson(pagerduty(url));

    expect(code).toBe(1);
    expect(check('GET /incidents')?.found).toContain('the answer has another shape: incidents:');
  });

  it('as it is rate limited', async () => {
    const fake = await opsgenieFake({ perMinute: 2, bareThrottling: true });

    const { code, check } = await runDoctorJson(opsgenie(fake.url));

    expect(code).toBe(1);
    expect(check('GET /v2/alerts')?.result).toBe('ok');
    expect(check('GET /v2/alerts/count')?.found).toContain('429 after 5 tries');
    expect(check('allowance')).toMatchObject({ result: 'warning', found: expect.stringContaining('lower rate_limit') });
  });

  it('for a moment, which is a warning', async () => {
    const fake = await pagerdutyFake();
    fake.faults.push({ times: 1, answer: { status: 429, body: '' } });

    const { code, warned } = await runDoctorJson(pagerduty(fake.url));

    expect({ code, warned }).toEqual({ code: 0, warned: ['allowance'] });
  });
});

describe('the doctor compares clocks', () => {
  const platforms = [
    { says: 'PagerDuty', start: pagerdutyFake, yaml: pagerduty },
    { says: 'Opsgenie', start: opsgenieFake, yaml: opsgenie },
    { says: 'CloudWatch', start: cloudwatchFake, yaml: cloudwatch },
  ];

  it.each([
    ...platforms.map((one) => ({ ...one, minutes: -20, result: 'failed', found: '20m behind' })),
    ...platforms.map((one) => ({ ...one, minutes: 20, result: 'failed', found: '20m ahead of' })),
    ...platforms.map((one) => ({ ...one, minutes: 0, result: 'ok', found: 'differs by less than 1m' })),
  ])('with $says: ours is off by $minutes min, $result', async ({ start, yaml, minutes, result, found }) => {
    const fake = await start();

    const { check } = await runDoctorJson(yaml(fake.url), {}, minutes * MINUTE_MS + (minutes === 0 ? 0 : 200));

    const { found: said = '', ...clock } = check('clock') ?? {};
    expect(clock).toMatchObject({ result, numbers: { platform_ahead_seconds: expect.closeTo(-minutes * 60, -1.3) } });
    // A second more or less is the precision of the header.
    expect(said.replace(/19m59s|20m1s/, '20m')).toContain(found);
  });

  it('and only warns of a few minutes', async () => {
    const fake = await pagerdutyFake();

    const { code, warned } = await runDoctorJson(pagerduty(fake.url), {}, -5 * MINUTE_MS);

    expect({ code, warned }).toEqual({ code: 0, warned: ['clock'] });
  });
});

describe('the doctor looks at the newest incidents', () => {
  it('and names severities that the configuration does not know', async () => {
    const fake = await pagerdutyFake({}, [
      ...incidents(2, { priority: 'SEV-9' }).map((one) => ({ ...one, id: `X${one.id}` })),
      ...incidents(1),
    ]);

    const { code, check } = await runDoctorJson(pagerduty(fake.url, ', severity: { default: P4 }'));

    expect(code).toBe(0);
    expect(check('severities')).toMatchObject({
      result: 'warning',
      found: 'found P2, P4; not mapped: SEV-9 (2 incidents): they become P4; add them to severity.map or aliases',
      numbers: { unmapped: 1 },
    });
  });

  it('and at priorities that the account lists but no incident of the newest hundred has', async () => {
    const fake = await pagerdutyFake({}, [
      ...incidents(1, { id: 'old', priority: 'Bad', triggeredAtMs: 1 }),
      ...incidents(1),
    ]);

    const { check } = await runDoctorJson(pagerduty(fake.url));

    expect(check('severities')?.found).toContain('not mapped: Bad (listed)');
  });

  it('and warns where none has a service', async () => {
    const fake = await opsgenieFake();

    const { code, warned, check } = await runDoctorJson(opsgenie(fake.url, ', services: { tag: component }'));

    expect({ code, warned }).toEqual({ code: 0, warned: ['services'] });
    expect(check('services')?.found).toBe('no incident has one: all are of the service "none"');
  });

  it('and warns where none has a severity', async () => {
    const fake = await cloudwatchFake();

    const { code, warned, check } = await runDoctorJson(cloudwatch(fake.url, ', severity: { tag: urgency }'));

    expect({ code, warned }).toEqual({ code: 0, warned: ['severities', 'baselines'] });
    expect(check('severities')?.found).toBe('found P3; 1 incident without one: P3');
  });

  it('and warns where there are none', async () => {
    const fake = await pagerdutyFake({}, []);

    const { code, warned, untried } = await runDoctorJson(pagerduty(fake.url));

    expect({ code, warned }).toEqual({ code: 0, warned: ['first page'] });
    expect(untried).toEqual(['GET /incidents/{id}', 'GET /incidents/{id}/log_entries']);
  });

  it('and warns where the filter excludes all of them', async () => {
    const fake = await pagerdutyFake();

    const { warned, check } = await runDoctorJson(pagerduty(fake.url, ', filter: { services: [search] }'));

    expect(warned).toEqual(['first page']);
    expect(check('first page')?.found).toContain(
      'but the filter excludes all of them: filter.services has none of checkout',
    );
  });

  it.each([
    { filter: 'teams: [payments]', warned: [], excluded: 0, found: undefined },
    { filter: 'teams: [T1]', warned: ['first page'], excluded: 3, found: 'filter.teams has none of payments' },
    { filter: 'severities: [P1]', warned: ['first page'], excluded: 3, found: 'filter.severities has none of P2' },
  ])('and filters them by the names that the exporter stores: $filter', async ({ filter, ...expected }) => {
    const fake = await pagerdutyFake();

    const { warned, check } = await runDoctorJson(pagerduty(fake.url, `, filter: { ${filter} }`));

    expect(warned).toEqual(expected.warned);
    expect(check('first page')?.numbers?.['excluded']).toBe(expected.excluded);
    expect(check('first page')?.found.split('of them: ')[1]).toBe(expected.found);
  });

  it('and counts those that cannot be parsed', async () => {
    const fake = await pagerdutyFake();
    const body = { incidents: [{ id: 'Q1' }], more: false, total: 1 };
    fake.faults.push({ times: 1, path: /^\/incidents$/, answer: { status: 200, body } });

    const { code, check } = await runDoctorJson(
      pagerduty(fake.url, '', PAGERDUTY_FAKE_KEY).concat('history: 120d\nwindows: [7d]\n'),
    );

    expect(code).toBe(0);
    expect(check('first page')).toMatchObject({
      result: 'warning',
      found: expect.stringMatching(/^1 of 1 record cannot be parsed: /),
    });
  });
});

describe('the doctor predicts requests', () => {
  it('and fails where polls could not keep up with their interval', async () => {
    const fake = await opsgenieFake();
    const yaml = opsgenie(fake.url, ', poll_interval: 1s').replace('1000/s', '100/min');

    const { code, check } = await runDoctorJson(yaml);

    expect(code).toBe(1);
    expect(check('requests')).toMatchObject({
      result: 'failed',
      found: expect.stringContaining('raise poll_interval'),
    });
  });

  it('and warns where polls take more than half of the allowance', async () => {
    const fake = await opsgenieFake();
    const yaml = opsgenie(fake.url, ', poll_interval: 1s').replace('1000/s', '200/min');

    const { code, warned } = await runDoctorJson(yaml);

    expect({ code, warned }).toEqual({ code: 0, warned: ['requests'] });
  });

  it('and warns where little of the allowance is left', async () => {
    const fake = await pagerdutyFake({ perMinute: 60 });

    const { code, warned } = await runDoctorJson(pagerduty(fake.url));

    expect({ code, warned }).toEqual({ code: 0, warned: ['allowance'] });
  });

  it.each([
    { says: 'PagerDuty', start: pagerdutyFake, yaml: pagerduty, perPoll: 2 + 1, perHour: 1 },
    { says: 'Opsgenie, which counts first', start: opsgenieFake, yaml: opsgenie, perPoll: 1 + 1 + 2, perHour: 1 },
  ])('of polls that read two pages of open incidents: $says', async ({ start, yaml, perPoll, perHour }) => {
    const fake = await start({}, incidents(150, { events: [] }));

    const { check } = await runDoctorJson(yaml(fake.url));

    expect(check('requests')?.numbers).toMatchObject({ requests_per_day: perPoll * 1440 + perHour * 24 });
  });

  it('and series of the services that the filter keeps', async () => {
    const more = incidents(2, { service: { id: 'S2', name: 'search' } }).map((one) => ({ ...one, id: `X${one.id}` }));
    const fake = await pagerdutyFake({}, [...incidents(2), ...more]);

    const all = await runDoctorJson(pagerduty(fake.url));
    const some = await runDoctorJson(pagerduty(fake.url, ', filter: { services: [search] }'));

    expect(all.check('services')?.numbers).toMatchObject({ services: 2, services_at_most: 2 });
    expect(some.check('services')?.numbers).toMatchObject({ services: 1, services_at_most: 1 });
    expect(some.json.series.at_most).toBeLessThan(all.json.series.at_most);
  });

  it('of a first sync that reads the pages of the whole history', async () => {
    const fake = await pagerdutyFake({}, incidents(250));

    const { check } = await runDoctorJson(pagerduty(fake.url));

    // 3 spans of a quarter: 250 incidents are 3 pages in the newest and 1 each before; as much and more for the log.
    expect(check('first sync')?.numbers).toMatchObject({ requests: 3 + 2 + 5 + 2 + 1 + 1 });
  });
});

describe('the command', () => {
  it('checks only the provider of --provider', async () => {
    const fake = await pagerdutyFake();
    const yaml = pagerduty(fake.url).replace(
      /]\s*$/,
      `, { name: other, type: pagerduty, api_key: k, base_url: "http://127.0.0.1:9" }]\n`,
    );

    const { code, json } = await runDoctorJson(yaml, { provider: 'pd' });

    expect(code).toBe(0);
    expect(json.providers.map(({ name }) => name)).toEqual(['pd']);
  });

  it('waits for as long as the largest time-out says', async () => {
    const fake = await pagerdutyFake();

    const { code } = await runDoctorJson(pagerduty(fake.url), { timeout: '1d' });

    expect(code).toBe(0);
  });

  it('checks the others where one is down', async () => {
    const fake = await pagerdutyFake();
    const yaml = pagerduty(fake.url).replace(
      '[{',
      `[{ name: other, type: pagerduty, api_key: k, base_url: "http://127.0.0.1:9" }, {`,
    );

    const { code, text } = await runDoctor(yaml);

    expect(code).toBe(1);
    expect(text).toContain('Series of the page (without other): ');
    expect(text).toContain('pd works.');
    expect(text).toContain('Verdict: 1 of 2 providers will not work: other.');
  });

  it('draws a table that no name from a platform can break', async () => {
    const fake = await pagerdutyFake({}, incidents(1, { service: { id: 'S', name: 'shop\u001b[31m\nnext' } }));

    const { text } = await runDoctor(pagerduty(fake.url));

    expect(text).toMatch(/│ reachable +│ ok +│ responds +│/);
    expect(text).toContain('shop [31m next');
    expect(text).not.toContain('\u001b');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  it.each([
    {
      says: 'a provider that is not there',
      values: { provider: 'x' },
      text: '--provider: "x" is unknown (known: pd)',
    },
    {
      says: 'a time-out that is none',
      values: { timeout: 'soon' },
      text: '--timeout: "soon" is not a duration; expected 1ms or more, such as 30s or 5m',
    },
    {
      says: 'a time-out that no timer can hold',
      values: { timeout: '30d' },
      text: '--timeout: "30d" is too long; expected at most 1d',
    },
    { says: 'a file that is not there', values: { 'config.file': '/none.yml' }, text: /^cannot read \/none\.yml/ },
  ])('refuses $says', async ({ values, text }) => {
    const refusal = runDoctor(pagerduty('http://127.0.0.1:9'), values);

    await expect(refusal).rejects.toThrow(text);
    await expect(refusal).rejects.toBeInstanceOf(UsageError);
  });

  it('refuses a wrong configuration and a CA file that is not there', async () => {
    await expect(runDoctor('providers: []\n')).rejects.toBeInstanceOf(ConfigError);
    await expect(runDoctor(pagerduty('http://127.0.0.1:9', ', tls: { ca_file: /none.pem }'))).rejects.toBeInstanceOf(
      UsageError,
    );
  });
});

it.each(['alerts', 'incidents'])('knows the teams of Opsgenie by name: %s', async (source) => {
  const fake = await opsgenieFake();
  const filtered = (team: string) =>
    runDoctorJson(opsgenie(fake.url, `, source: ${source}, filter: { teams: [${team}] }`));

  const [byName, byId] = [await filtered('payments'), await filtered('T1')];

  expect(byName.check('first page')?.numbers?.['excluded']).toBe(0);
  expect(byId.check('first page')?.found).toContain('filter.teams has none of payments');
});
