import { z } from 'zod';
import type { Panel, Target } from './dashboard.ts';
import { type Chosen, filled, legendOf, type Spans } from './questions.ts';

/** One point of a series. */
export type Sample = readonly [atMs: number, value: number];

/** What Prometheus answered for one query of a panel, series by series. */
export interface Series {
  readonly refId: string;
  readonly legend: string;
  readonly labels: Readonly<Record<string, string>>;
  /** One for what is asked for this moment. */
  readonly samples: readonly Sample[];
}

/** A panel with its answers. */
export interface Answered {
  readonly panel: Panel;
  readonly series: readonly Series[];
  /** Single incidents, where the panel asks for them. */
  readonly exemplars: readonly Sample[];
  readonly range: Range;
}

/** What is on the screen. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

const Point = z
  .tuple([z.number(), z.string()])
  .transform(([atSeconds, text]): Sample => [1000 * atSeconds, Number(text)]);
const Result = z.object({
  data: z.object({
    result: z
      .object({ metric: z.record(z.string(), z.string()), value: Point.optional(), values: Point.array().optional() })
      .array(),
  }),
});
const Exemplars = z.object({
  data: z.object({ exemplars: z.object({ value: z.string(), timestamp: z.number() }).array() }).array(),
});

export interface Asking {
  /** Base of Prometheus' address. */
  readonly url: string;
  readonly chosen: Chosen;
  readonly spans: Spans;
  readonly range: Range;
}

async function ask(url: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(parameters) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}, asked for ${parameters['query']}`);
  return JSON.parse(text);
}

const inSeconds = (ms: number) => String(ms / 1000);

async function seriesOf({ expr, refId, legendFormat, instant }: Target, asking: Asking): Promise<Series[]> {
  const { url, chosen, spans, range } = asking;
  const query = filled(expr, chosen, spans);
  const span = { start: inSeconds(range.fromMs), end: inSeconds(range.toMs), step: inSeconds(range.stepMs) };
  const answer = instant
    ? await ask(`${url}/api/v1/query`, { query, time: inSeconds(range.toMs) })
    : await ask(`${url}/api/v1/query_range`, { query, ...span });
  return Result.parse(answer).data.result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
    refId,
    legend: legendOf(legendFormat, metric),
    labels: metric,
    samples: values.filter(([, number]) => Number.isFinite(number)),
  }));
}

async function exemplarsOf({ expr }: Target, { url, chosen, spans, range }: Asking): Promise<Sample[]> {
  const query = filled(expr, chosen, spans);
  const span = { start: inSeconds(range.fromMs), end: inSeconds(range.toMs) };
  const { data } = Exemplars.parse(await ask(`${url}/api/v1/query_exemplars`, { query, ...span }));
  const all = data.flatMap(({ exemplars }) =>
    exemplars.map(({ value, timestamp }): Sample => [1000 * timestamp, Number(value)]),
  );
  const each = new Map(all.map((sample) => [sample.join(' '), sample]));
  return [...each.values()];
}

/** Asks Prometheus everything that the panel asks. */
export async function answered(panel: Panel, asking: Asking): Promise<Answered> {
  const series = await Promise.all(panel.targets.map((target) => seriesOf(target, asking)));
  const withExemplars = panel.targets.filter(({ exemplar }) => exemplar);
  const exemplars = await Promise.all(withExemplars.map((target) => exemplarsOf(target, asking)));
  return { panel, series: series.flat(), exemplars: exemplars.flat(), range: asking.range };
}
