import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { prometheus } from '../../../src/providers/prometheus/platform.ts';
import { platforms } from '../../../src/providers/registry.ts';
import { createMemoryKnown, type MemoryKnown, pollInto } from '../memory-known.ts';
import { impatientClock, silentObserver } from '../setup.ts';
import { type FakePrometheus, type Span, startFakePrometheus } from './fake.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const LABELS = { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical', team: 'payments', pod: 'a-1' };
const ago = (minutes: number) => NOW_MS - minutes * MINUTE_MS;
const span = (from: number, to: number): Span => [ago(from), ago(to)];

function configure(url: string, keys: Readonly<Record<string, unknown>> = {}) {
  const text = JSON.stringify({ providers: [{ type: 'prometheus', base_url: url, rate_limit: '1000/s', ...keys }] });
  const { providers } = loadConfig({
    text,
    filename: 'config.yml',
    env: {},
    platforms,
    readFile: () => 'k3y',
    nowMs: NOW_MS,
  }).config;
  if (providers[0] === undefined) throw new Error('expected a provider');
  return providers[0];
}

interface Stage {
  readonly fake: FakePrometheus;
  readonly memory: MemoryKnown;
  readonly warnings: string[];
  readonly poll: (options?: {
    nowMs?: number;
    days?: number;
    keys?: Readonly<Record<string, unknown>>;
    dieAfterPages?: number;
  }) => Promise<number>;
  readonly times: () => (string | number | undefined)[][];
}

async function stage(): Promise<Stage> {
  const fake = await startFakePrometheus();
  fake.up = [span(60 * 24 * 60, -60 * 24)];
  const memory = createMemoryKnown();
  const warnings: string[] = [];
  return {
    fake,
    memory,
    warnings,
    poll: async ({ nowMs = NOW_MS, days = 60, keys = {}, dieAfterPages } = {}) => {
      const log = { warn: (message: string) => void warnings.push(message) };
      const dependencies = { clock: impatientClock(nowMs), observer: silentObserver, log };
      const provider = prometheus.create(configure(fake.url, keys), dependencies);
      onTestFinished(() => provider.close());
      const death = dieAfterPages === undefined ? {} : { dieAfterPages };
      return (await pollInto(memory, provider, { nowMs, historyStartMs: nowMs - days * DAY_MS, ...death })).length;
    },
    times: () =>
      [...memory.incidents.values()]
        .sort((a, b) => a.triggeredAtMs - b.triggeredAtMs)
        .map(({ triggeredAtMs, resolvedAtMs, endKnownFrom, exclusion }) => [
          (NOW_MS - triggeredAtMs) / MINUTE_MS,
          resolvedAtMs === undefined ? 'open' : (NOW_MS - resolvedAtMs) / MINUTE_MS,
          exclusion ?? endKnownFrom,
        ]),
  };
}

describe('alerts from the series of a Prometheus', () => {
  it('become incidents, with their history, in ranges below 11,000 points', async () => {
    const { fake, memory, poll, times } = await stage();
    fake.alerts = [
      {
        labels: LABELS,
        firing: [span(80_000, 79_000), span(100, 60), span(10, 0)],
        active: [
          { span: span(80_005, 79_000), sinceMs: ago(80_005) },
          { span: span(105, 60), sinceMs: ago(105) },
          { span: span(12, 0), sinceMs: ago(12) },
        ],
      },
    ];

    await poll();

    expect(times()).toEqual([
      [80_000, 78_999.5, 'sampled'],
      [100, 59.5, 'sampled'],
      [10, 'open', undefined],
    ]);
    expect([...memory.incidents.values()][1]).toMatchObject({
      title: 'HighErrorRate',
      serviceName: 'checkout',
      team: 'payments',
      severity: { tag: 'critical' },
      startedAtMs: ago(105),
      endKnownFrom: 'sampled',
    });
    expect(memory.end).toEqual({ polledUntilMs: NOW_MS, historyStartMs: NOW_MS - 60 * DAY_MS });
    expect(Math.max(...fake.asked.map(({ points }) => points))).toBeLessThan(11_000);
    expect(new Set(fake.asked.map(({ query }) => query))).toEqual(
      new Set(['ALERTS{alertstate="firing"}', 'ALERTS_FOR_STATE', 'up{job="prometheus"}']),
    );
    expect(JSON.stringify([...memory.incidents.values()])).not.toContain('a-1');
  });

  it('are asked for by the selector, with credentials and tenant', async () => {
    const { fake, poll } = await stage();

    await poll({
      days: 1,
      keys: {
        selector: 'severity=~"critical|page"',
        up_selector: 'up{job="thanos"}',
        bearer_token_file: '/token',
        headers: { 'X-Scope-OrgID': 'shop' },
      },
    });

    expect(fake.asked.slice(0, 3).map(({ query }) => query)).toEqual([
      'ALERTS{alertstate="firing",severity=~"critical|page"}',
      'ALERTS_FOR_STATE{severity=~"critical|page"}',
      'up{job="thanos"}',
    ]);
    expect(fake.asked[0]?.headers).toMatchObject({ authorization: 'Bearer k3y', 'x-scope-orgid': 'shop' });
  });

  it('go on over polls: opened in one, closed in the next', async () => {
    const { fake, poll, times } = await stage();
    fake.alerts = [{ labels: LABELS, firing: [span(10, -20)] }];
    await poll({ days: 1 });
    const before = times();

    const requests = fake.asked.length;
    await poll({ days: 1, nowMs: ago(-30) });
    await poll({ days: 1, nowMs: ago(-30) });

    expect(before).toEqual([[10, 'open', undefined]]);
    expect(times()).toEqual([[10, -20.5, 'sampled']]);
    expect(fake.asked.length - requests).toBe(6);
  });

  it('are read once though the first sync dies between any two of its pages', async () => {
    const { fake, memory, poll, times } = await stage();
    const spans = Array.from({ length: 20 }, (_, index) => span(8600 - index * 430, 8500 - index * 430));
    fake.alerts = [{ labels: LABELS, firing: spans }];

    for (let deaths = 0; deaths < 40 && memory.end === undefined; deaths += 1) {
      await poll({ days: 6, dieAfterPages: 1 });
    }

    expect(memory.end).toBeDefined();
    expect(times()).toEqual(
      Array.from({ length: 20 }, (_, index) => [8600 - index * 430, 8499.5 - index * 430, 'sampled']),
    );
  });

  it('whose start is not in the data are rejected', async () => {
    const { fake, memory, poll, times } = await stage();
    fake.alerts = [{ labels: LABELS, firing: [span(3 * 1440, 1000), span(900, 800)] }];

    await poll({ days: 2 });

    expect(times()).toEqual([[900, 799.5, 'sampled']]);
    expect([...memory.rejected.values()].map(({ reason }) => reason)).toEqual(['start_unknown']);
  });

  it('have a history that begins where the data do', async () => {
    const { fake, memory, poll } = await stage();
    fake.up = [span(7 * 1440, 0)];

    await poll({ days: 60 });

    expect(memory.end?.historyStartMs).toBe(ago(7 * 1440));
  });

  it('keep their identity when more history, another resolution or other labels are wanted', async () => {
    const { fake, memory, poll, times } = await stage();
    fake.alerts = [{ labels: LABELS, firing: [span(5 * 1440, 4 * 1440), span(100, 60), span(10, -20)] }];
    await poll({ days: 2 });
    const ids = [...memory.incidents.keys()];

    await poll({ days: 10, nowMs: ago(-5), keys: { resolution: '1m', team_label: 'service' } });
    await poll({ days: 10, nowMs: ago(-30), keys: { resolution: '7s', team_label: 'service' } });

    expect(times().map(([from]) => from)).toEqual([7200, 100, 10]);
    expect([...memory.incidents.keys()]).toEqual(expect.arrayContaining(ids));
    expect([...memory.incidents.values()].map(({ team }) => team)).toEqual(['checkout', 'checkout', 'checkout']);
    expect(times()[1]?.[1]).toBe(59);
  });

  it('keep their start when they are read again from a time at which they fired', async () => {
    const { fake, memory, poll, times } = await stage();
    fake.alerts = [{ labels: LABELS, firing: [span(3000, 2000), span(1000, -20)] }];
    await poll({ days: 3 });
    const provider = prometheus.create(configure(fake.url), {
      clock: impatientClock(NOW_MS),
      observer: silentObserver,
    });
    onTestFinished(() => provider.close());
    const again = { cursor: undefined, nowMs: ago(-30), historyStartMs: ago(500), before: memory.end };

    for await (const page of provider.poll({ ...again, stored: memory.known, signal: new AbortController().signal })) {
      memory.apply({ ...page, cursor: memory.cursor ?? '' }, ago(-30));
    }

    expect(times()).toEqual([
      [3000, 1999.5, 'sampled'],
      [1000, -20.5, 'sampled'],
    ]);
  });

  it('end in an outage of Prometheus only where that is not bridged', async () => {
    const { fake, poll, times } = await stage();
    fake.up = [span(1440, 300), span(296, 200), span(180, -60)];
    fake.alerts = [{ labels: LABELS, firing: [span(400, 300), span(296, 200), span(180, 100)] }];

    await poll({ days: 1 });

    expect(times()).toEqual([
      [400, 199.5, 'expired'],
      [180, 99.5, 'sampled'],
    ]);
  });

  it('are read without up_selector, with a warning', async () => {
    const { fake, warnings, poll, times } = await stage();
    fake.up = [];
    fake.alerts = [{ labels: LABELS, firing: [span(100, 60), span(58, 50)] }];

    await poll({ days: 1 });

    expect(times().map(([from]) => from)).toEqual([100, 58]);
    expect(warnings).toEqual(['up_selector finds no series: an outage of Prometheus ends the alerts that fire']);
  });

  it('are in no statistic beyond the limits', async () => {
    const { fake, poll, times } = await stage();
    fake.alerts = [{ labels: LABELS, firing: [span(500, 499), span(400, 100), span(90, 60)] }];

    await poll({ days: 1, keys: { open_window: '2h', flaky_below: '5m' } });

    expect(times().map(([, , known]) => known)).toEqual(['flaky', 'expired', 'sampled']);
  });

  it.each([
    { says: 'a partial answer', more: { isPartial: true } },
    { says: 'an answer of another shape', more: { data: { resultType: 'vector', result: [] } } },
    {
      says: 'samples of another shape',
      more: { data: { resultType: 'matrix', result: [{ metric: {}, values: [1] }] } },
    },
    { says: 'an error', more: { status: 'error' } },
  ])('are not taken from $says', async ({ more }) => {
    const { fake, memory, poll } = await stage();
    fake.more = more;

    await expect(poll({ days: 1 })).rejects.toThrow('/api/v1/query_range');
    expect(memory.end).toBeUndefined();
  });

  it.each([
    { keys: { selector: '{severity="page"}' }, says: 'selector' },
    { keys: { resolution: '500ms' }, says: 'is too short' },
  ])('need a configuration that makes sense: $keys', ({ keys, says }) => {
    expect(() => configure('http://127.0.0.1:1', keys)).toThrow(says);
  });

  it('say in a probe what was found and what reading costs', async () => {
    const { fake } = await stage();
    fake.up = [];
    fake.alerts = [{ labels: LABELS, firing: [span(100, 60)] }];
    const provider = prometheus.create(configure(fake.url), {
      clock: impatientClock(NOW_MS),
      observer: silentObserver,
    });
    onTestFinished(() => provider.close());
    const { signal } = new AbortController();

    const report = await provider.probe({ nowMs: NOW_MS, historyStartMs: NOW_MS - 60 * DAY_MS, signal });

    expect(report.probes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'failed']);
    expect(report.probes[2]?.message).toContain('set up_selector');
    expect(report.firstPage?.incidents).toMatchObject([{ serviceName: 'checkout', triggeredAtMs: ago(100) }]);
    expect(report.estimate).toMatchObject({ perPoll: 3, firstSync: 54 });
  });
});

it('finds every alert once, however polls, outages and ends fall', async () => {
  const { fake } = await stage();
  const spans = fc.array(
    fc.record({ pause: fc.integer({ min: 2, max: 50 }), firing: fc.integer({ min: 1, max: 50 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  const toSpans = (one: readonly { pause: number; firing: number }[], unit: number): Span[] => {
    let at = NOW_MS - DAY_MS;
    return one.map(({ pause, firing }) => {
      const fromMs = at + pause * unit;
      at = fromMs + firing * unit;
      return [fromMs, at];
    });
  };
  await fc.assert(
    fc.asyncProperty(
      spans,
      spans,
      fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 6 }),
      async (a, b, breaks) => {
        const memory = createMemoryKnown();
        const unit = 30_000;
        fake.alerts = [a, b].map((one, index) => ({ labels: { alertname: `A${index}` }, firing: toSpans(one, unit) }));
        fake.up = [[NOW_MS - 2 * DAY_MS, NOW_MS]];
        const provider = prometheus.create(configure(fake.url), {
          clock: impatientClock(NOW_MS),
          observer: silentObserver,
        });
        const polls = [...breaks.map((steps) => NOW_MS - DAY_MS + steps * unit).toSorted((x, y) => x - y), NOW_MS];

        for (const nowMs of polls)
          await pollInto(memory, provider, { nowMs, historyStartMs: NOW_MS - DAY_MS - 3_600_000 });
        await provider.close();

        const found = [...memory.incidents.values()].map(({ title, triggeredAtMs, resolvedAtMs }) => [
          title,
          triggeredAtMs,
          resolvedAtMs,
        ]);
        const expected = fake.alerts.flatMap(({ labels, firing }) =>
          firing.map(([from, to]) => [labels['alertname'], from, to + unit]),
        );
        const byTime = (x: unknown[], y: unknown[]) =>
          Number(x[1]) - Number(y[1]) || (String(x[0]) < String(y[0]) ? -1 : 1);
        expect(found.toSorted(byTime)).toEqual(expected.toSorted(byTime));
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
