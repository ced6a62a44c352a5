import { CLOUDWATCH_PEOPLE } from '../../src/simulator/cloudwatch/answers.ts';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import { alarm, createCloudwatchProvider, withCredentials } from './cloudwatch-stage.ts';
import { providerContract } from './contract.ts';

withCredentials();

providerContract({
  name: 'CloudWatch',
  startFake: startCloudwatchFake,
  createProvider: createCloudwatchProvider,
  add(world, { name, triggeredAtMs, resolvedAtMs, shownAfterMs = 0 }) {
    const fired = { atMs: triggeredAtMs, state: 'ALARM', shownAfterMs } as const;
    const ended = resolvedAtMs === undefined ? [] : [{ atMs: resolvedAtMs, state: 'OK', shownAfterMs } as const];
    world.alarms.push(alarm(name, [fired, ...ended], { tags: { service: `service of ${name}` } }));
    return `eu-west-1/${name}@${triggeredAtMs}`;
  },
  resolve(world, name, atMs) {
    const found = world.alarms.find((one) => one.name === name);
    if (found !== undefined) found.changes = [...found.changes, { atMs, state: 'OK' }];
  },
  unauthorised: {
    status: 403,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: {
      __type: 'com.amazon.coral.service#UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    },
  },
  isList: ({ asked }) => asked.includes('"HistoryItemType"'),
  breakRecord(body) {
    if (typeof body !== 'object' || body === null || !('AlarmHistoryItems' in body)) return body;
    const items: unknown = body.AlarmHistoryItems;
    if (!Array.isArray(items) || items.length === 0) return body;
    return {
      ...body,
      AlarmHistoryItems: [{ ...items[0], HistoryData: '{"ver', HistorySummary: '' }, ...items.slice(1)],
    };
  },
  people: Object.values(CLOUDWATCH_PEOPLE),
  samplesMax: 20,
});
