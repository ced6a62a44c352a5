import { z } from 'zod';
import type { HttpClient } from '../../http/client.ts';
import { SECOND_MS } from '../../model/time.ts';
import { fingerprintLabels, type LabelledFields, type Labels } from '../alerts.ts';
import { parseResponse } from '../answers.ts';
import type { SampledAlert, SampledRange } from './track-alerts.ts';

const PATH = '/api/v1/query_range';

/** Thanos and VictoriaMetrics say so when a part of their data could not be read. */
const Answer = z.object({
  status: z.literal('success'),
  isPartial: z.boolean().optional(),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.unknown()) })),
  }),
});

/** One series of an answer. */
interface Series {
  readonly labels: Labels;
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

/** What is asked of a Prometheus. */
export interface AlertQueries {
  readonly firing: string;
  readonly active: string;
  readonly up: string;
}

/** The queries for alerts with these label matchers (as in PromQL, without braces). */
export function toQueries(selector: string, upSelector: string): AlertQueries {
  const own = selector.trim();
  return {
    firing: `ALERTS{alertstate="firing"${own === '' ? '' : `,${own}`}}`,
    active: own === '' ? 'ALERTS_FOR_STATE' : `ALERTS_FOR_STATE{${own}}`,
    up: upSelector,
  };
}

export interface RangeRequest {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Reads series of one Prometheus. */
export interface AlertApi {
  readonly queries: AlertQueries;
  /** All samples of a range. */
  read(range: RangeRequest, signal: AbortSignal): Promise<SampledRange>;
  /** How many series one of the queries has in a range. */
  count(query: string, range: RangeRequest, signal: AbortSignal): Promise<number>;
}

export function createAlertApi(
  httpClient: Pick<HttpClient, 'get'>,
  queries: AlertQueries,
  readLabels: (labels: Labels) => LabelledFields,
): AlertApi {
  const query = async (text: string, { fromMs, toMs, stepMs }: RangeRequest, signal: AbortSignal) => {
    const [start, end, step] = [fromMs, toMs, stepMs].map((ms) => ms / SECOND_MS);
    // A part of the data would end alerts that go on. Those who do not know the parameters ignore them.
    const complete = { partial_response: false, nocache: 1 };
    const { body } = await httpClient.get(PATH, { query: text, start, end, step, ...complete }, signal);
    return parseSeries(body, text, { fromMs, toMs });
  };
  return {
    queries,
    async read(range, signal) {
      const [firing, active, up] = await Promise.all([
        query(queries.firing, range, signal),
        query(queries.active, range, signal),
        query(queries.up, range, signal),
      ]);
      const { fromMs, toMs } = range;
      return { fromMs, toMs, upMs: toInstants(up), alerts: joinSeries(firing, active, readLabels) };
    },
    count: async (text, range, signal) => (await query(text, range, signal)).length,
  };
}

/** Any error names the query, whose selectors are the operator's own. */
function parseSeries(body: unknown, query: string, { fromMs, toMs }: Omit<RangeRequest, 'stepMs'>): Series[] {
  const what = `GET ${PATH} of ${query}`;
  const { data, isPartial } = parseResponse(Answer, body, what);
  if (isPartial === true) throw new Error(`${what}: the answer is partial`);
  return data.result.map(({ metric, values }) => {
    const samples = values.map((value) => toSample(value, what));
    return { labels: metric, samples: samples.filter(([atMs]) => atMs >= fromMs && atMs <= toMs) };
  });
}

/** By hand: there may be hundreds of thousands. */
function toSample(value: unknown, what: string): readonly [number, number] {
  if (Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string') {
    return [Math.round(value[0] * SECOND_MS), Number(value[1])];
  }
  throw new Error(`${what}: the answer has another shape: expected samples of a time and a text`);
}

/** The instants at which any of the series has a sample, ascending. */
function toInstants(series: readonly Series[]): number[] {
  const instants = new Set(series.flatMap(({ samples }) => samples.map(([atMs]) => atMs)));
  return [...instants].toSorted((a, b) => a - b);
}

function joinSeries(
  firing: readonly Series[],
  active: readonly Series[],
  readLabels: (labels: Labels) => LabelledFields,
): ReadonlyMap<string, SampledAlert> {
  const alerts = new Map<string, SampledAlert>();
  for (const { labels, samples } of firing) {
    const own = toAlertLabels(labels);
    const firingMs = samples.map(([atMs]) => atMs);
    alerts.set(fingerprintLabels(own), { fields: readLabels(own), firingMs, activeSinceMs: new Map() });
  }
  for (const { labels, samples } of active) {
    const own = toAlertLabels(labels);
    const subject = fingerprintLabels(own);
    const known = alerts.get(subject) ?? { fields: readLabels(own), firingMs: [] };
    const activeSinceMs = new Map(samples.map(([atMs, seconds]) => [atMs, Math.round(seconds * SECOND_MS)]));
    alerts.set(subject, { ...known, activeSinceMs });
  }
  return alerts;
}

/** The labels of the alert itself, by which Alertmanager knows it too. */
function toAlertLabels({ __name__: _name, alertstate: _state, ...labels }: Labels): Labels {
  return labels;
}
