import { readFileSync } from 'node:fs';
import type { Selector } from '../deploy/promql.ts';
import { FOLDER as SHIPPED } from '../deploy/rule-files.ts';
import { temporaryFolder, until, writeIn } from './process.ts';
import { edited, PROMETHEUS, type Server, startServer } from './servers.ts';

/** One series of an answer, with its samples in order of time. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [atSeconds: number, value: number])[];
}

/** An alert as Prometheus holds it. */
export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A rule as Prometheus has loaded it. */
export interface LoadedRule {
  readonly name: string;
  readonly query: string;
  readonly type: 'recording' | 'alerting';
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A running Prometheus with the shipped configuration and rules. */
export interface Prometheus {
  readonly server: Server;
  /** Scrapes this address from now on. */
  aim(url: string): void;
  query(expression: string): Promise<Series[]>;
  /** The values at every `stepSeconds` of the last `seconds`. */
  queryRange(expression: string, spans: { readonly seconds: number; readonly stepSeconds: number }): Promise<Series[]>;
  /** How many scrapes succeeded so far. */
  scrapes(): Promise<number>;
  /** Waits for that many more scrapes that succeed. */
  scrapeMore(times: number): Promise<void>;
  /** Waits until every group of rules was evaluated that many more times. */
  evaluateMore(times: number): Promise<void>;
  /** Waits until the newest samples of an expression add up to this. */
  untilSum(expression: string, sum: number): Promise<void>;
  rules(): Promise<LoadedRule[]>;
  alerts(): Promise<Alert[]>;
}

type Replaced = readonly (readonly [from: string | RegExp, to: string])[];

export interface PrometheusOptions {
  /** What the test needs to be otherwise in a shipped file of rules. */
  readonly rules?: Replaced;
  readonly alerts?: Replaced;
  /** `host:port` of an Alertmanager. */
  readonly alertmanager?: string;
  /** Scraped from the start. */
  readonly url: string;
  /** Where its blocks are, or will be; a folder of its own without it. */
  readonly data?: string;
  /** Further keys of its configuration, as YAML. */
  readonly more?: string;
  /** Further flags. */
  readonly words?: readonly string[];
}

/** Half a second: the exporter shows a change within one. */
const SCRAPE_EVERY = '500ms';

/** The shipped configuration, but for what a test cannot wait for and where the exporter and Alertmanager are. */
function configure(folder: string, options: PrometheusOptions): string {
  const { url, alertmanager = '127.0.0.1:1', rules = [], alerts = [], more = '' } = options;
  const shipped = (name: string) => readFileSync(SHIPPED + name, 'utf8');
  writeIn(folder, 'mttr.rules.yml', edited(shipped('mttr.rules.yml'), rules));
  writeIn(folder, 'mttr.alerts.yml', edited(shipped('mttr.alerts.yml'), alerts));
  aim(folder, url);
  const text = edited(shipped('prometheus.yml'), [
    ['scrape_interval: 1m', `scrape_interval: ${SCRAPE_EVERY}`],
    ['evaluation_interval: 1m', 'evaluation_interval: 1s'],
    ['localhost:9093', alertmanager],
    [
      /static_configs:\n\s+- targets: \['localhost:16887'\]/g,
      'file_sd_configs: [{ files: [targets.json], refresh_interval: 1s }]',
    ],
  ]);
  return writeIn(folder, 'prometheus.yml', text + more);
}

function aim(folder: string, url: string): void {
  writeIn(folder, 'targets.json', JSON.stringify([{ targets: [new URL(url).host] }]));
}

interface Answer<Data> {
  readonly data: Data;
}

interface Result {
  readonly metric: Record<string, string>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

function seriesOf({ data: { result } }: Answer<{ readonly result: readonly Result[] }>): Series[] {
  return result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
    metric,
    samples: values.map(([atSeconds, text]) => [atSeconds, Number(text)] as const),
  }));
}

interface Groups {
  readonly groups: readonly { readonly name: string; readonly lastEvaluation: string; readonly rules: LoadedRule[] }[];
}

/** Starts Debian's Prometheus. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const folder = temporaryFolder();
  const file = configure(folder, options);
  const { data = `${folder}/data`, words: further = [] } = options;
  const words = [`--config.file=${file}`, `--storage.tsdb.path=${data}`, '--enable-feature=exemplar-storage'];
  const server = await startServer({ program: PROMETHEUS.name, words: [...words, ...further] });
  const query = async (expression: string) =>
    seriesOf(await server.ask(`/api/v1/query?${String(new URLSearchParams({ query: expression }))}`));
  const scrapes = async () => (await query('sum_over_time(up{job="mttr-exporter"}[1h])'))[0]?.samples[0]?.[1] ?? 0;
  const groups = async () => (await server.ask<Answer<Groups>>('/api/v1/rules')).data.groups;
  return {
    server,
    aim: (url) => aim(folder, url),
    query,
    queryRange: async (expression, { seconds, stepSeconds }) => {
      const end = Date.now() / 1000;
      const spans = { start: String(end - seconds), end: String(end), step: String(stepSeconds) };
      return seriesOf(
        await server.ask(`/api/v1/query_range?${String(new URLSearchParams({ query: expression, ...spans }))}`),
      );
    },
    scrapes,
    scrapeMore: async (times) => {
      const wanted = (await scrapes()) + times;
      await until(`there were ${wanted} scrapes`, async () => (await scrapes()) >= wanted);
    },
    evaluateMore: async (times) => {
      const seen = new Map((await groups()).map(({ name }) => [name, new Set<string>()]));
      await until(`the rules were evaluated ${times} times`, async () => {
        for (const { name, lastEvaluation } of await groups()) seen.get(name)?.add(lastEvaluation);
        return [...seen.values()].every(({ size }) => size > times);
      });
    },
    untilSum: async (expression, sum) => {
      const isThere = async () => (await query(`sum(${expression})`))[0]?.samples[0]?.[1] === sum;
      await until(`the sum of ${expression} is ${sum}`, isThere);
    },
    rules: async () => (await groups()).flatMap(({ rules }) => rules),
    alerts: async () => (await server.ask<Answer<{ alerts: Alert[] }>>('/api/v1/alerts')).data.alerts,
  };
}

/** A choice of series as one writes it. */
export function writtenSelector({ metric, matchers }: Selector): string {
  const conditions = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`);
  return `${metric}{${conditions.join(', ')}}`;
}
