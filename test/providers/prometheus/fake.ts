import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

/** Milliseconds at which something begins and ends, both included. */
export type Span = readonly [fromMs: number, toMs: number];

export interface FakeAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly firing: readonly Span[];
  /** When it was pending or fired, and since when it says to be active. */
  readonly active?: readonly { readonly span: Span; readonly sinceMs: number }[];
}

/** A Prometheus of these series: what is asked for at an instant within a span has a sample there. */
export interface FakePrometheus {
  readonly url: string;
  alerts: readonly FakeAlert[];
  up: readonly Span[];
  /** Merged into each answer. */
  more: Readonly<Record<string, unknown>>;
  readonly asked: {
    readonly query: string;
    readonly points: number;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
}

/** Starts it on loopback; it refuses more than 11,000 points a query, as Prometheus does. */
export async function startFakePrometheus(): Promise<FakePrometheus> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const of = (name: string) => Number(searchParams.get(name)) * 1000;
    const [fromMs, toMs, stepMs] = [of('start'), of('end'), of('step')];
    const query = searchParams.get('query') ?? '';
    const points = (toMs - fromMs) / stepMs;
    fake.asked.push({ query, points, headers: request.headers });
    response.setHeader('content-type', 'application/json');
    if (points > 11_000) {
      response.statusCode = 400;
      response.end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'exceeded maximum resolution' }));
      return;
    }
    const instants = Array.from({ length: Math.floor(points) + 1 }, (_, index) => fromMs + index * stepMs);
    const result = seriesOf(fake, query).flatMap(({ metric, valueAt }) => {
      const values = instants.flatMap((ms) => {
        const value = valueAt(ms);
        return value === undefined ? [] : [[ms / 1000, String(value)]];
      });
      return values.length === 0 ? [] : [{ metric, values }];
    });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result }, ...fake.more }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const fake: FakePrometheus = { url, alerts: [], up: [], more: {}, asked: [] };
  return fake;
}

interface FakeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly valueAt: (ms: number) => number | undefined;
}

const isWithin = (spans: readonly Span[], ms: number) => spans.some(([fromMs, toMs]) => ms >= fromMs && ms <= toMs);

function seriesOf({ alerts, up }: FakePrometheus, query: string): FakeSeries[] {
  if (query.startsWith('ALERTS{')) {
    return alerts.map(({ labels, firing }) => ({
      metric: { __name__: 'ALERTS', alertstate: 'firing', ...labels },
      valueAt: (ms) => (isWithin(firing, ms) ? 1 : undefined),
    }));
  }
  if (query.startsWith('ALERTS_FOR_STATE')) {
    return alerts.map(({ labels, active = [] }) => ({
      metric: { __name__: 'ALERTS_FOR_STATE', ...labels },
      valueAt: (ms) => {
        const since = active.find(({ span }) => isWithin([span], ms))?.sinceMs;
        return since === undefined ? undefined : since / 1000;
      },
    }));
  }
  return [{ metric: { __name__: 'up', job: 'prometheus' }, valueAt: (ms) => (isWithin(up, ms) ? 1 : undefined) }];
}
