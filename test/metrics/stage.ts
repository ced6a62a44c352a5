import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { toLastPollResponse } from '../../src/app/api/last-poll.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Format } from '../../src/metrics/exposition.ts';
import type { WholePage } from '../../src/metrics/reader.ts';
import type { Clock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import type { LastPollResponse } from '../../src/server/api/schemas.ts';
import type { StatusView } from '../../src/server/status-page/view.ts';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { SimulatedEvent, SimulatedIncident, World } from '../../src/simulator/world.ts';
import type { Store } from '../../src/store/store.ts';
import { type Parsed, parsePage } from '../e2e/page.ts';
import { openTestExporter, type TestExporter } from '../test-exporter.ts';

export const START_MS = Date.parse('2026-03-01T00:00:00Z');
export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What happened to an invented incident, in minutes after its trigger. */
export interface Story {
  readonly id: string;
  readonly service?: string;
  readonly priority?: string;
  readonly triggeredAtMs: number;
  readonly acknowledged?: number;
  readonly escalated?: readonly number[];
  readonly resolved?: number;
  readonly by?: SimulatedEvent['by'];
  readonly reopened?: { readonly after: number; readonly resolved: number };
}

export function told(story: Story): SimulatedIncident {
  const { id, service = 'checkout', priority = 'P1', triggeredAtMs, by = 'person' } = story;
  const at = (kind: SimulatedEvent['kind'], minutes: number | undefined): SimulatedEvent[] =>
    minutes === undefined ? [] : [{ kind, atMs: triggeredAtMs + minutes * MINUTE_MS, by }];
  const events = [
    ...at('acknowledge', story.acknowledged),
    ...(story.escalated ?? []).flatMap((minutes) => at('escalate', minutes)),
    ...at('resolve', story.resolved),
    ...at('reopen', story.reopened?.after),
    ...at('resolve', story.reopened?.resolved),
  ];
  return {
    id,
    title: `${service} does not answer`,
    service: { id: `S-${service}`, name: service },
    priority,
    urgency: 'high',
    triggeredAtMs,
    events: events.sort((a, b) => a.atMs - b.atMs),
  };
}

export interface EngineStage {
  readonly world: World;
  /** As YAML; its store is there for others to read. */
  readonly configuration: string;
  nowMs(): number;
  /** Goes on by so much, then polls every provider and renders. */
  live(ms: number): Promise<void>;
  /** Goes on by so much and renders, without a poll. */
  wait(ms: number): Promise<void>;
  /** Reads the page without telling anybody that it was delivered. */
  peek(format?: Format): Promise<WholePage>;
  /** One whole GET. */
  scrape(): Promise<Parsed>;
  /** What the status page shows. */
  status(window?: string): Promise<StatusView>;
  /** What the API tells of the last poll of a provider. */
  lastPoll(provider: string): LastPollResponse;
  /** Ends the engine and its store, and starts both anew over the same file. */
  restart(): Promise<void>;
}

export interface EngineStageInput {
  readonly incidents?: readonly SimulatedIncident[];
  readonly alarms?: World['alarms'];
  /** Further top-level keys of the configuration. */
  readonly more?: string;
  /** Puts something between the exporter and its store. */
  readonly storeWith?: (store: Store) => Store;
  /** Stands in for the process' own metrics. */
  readonly processText?: (format: Format) => Promise<string>;
}

/** The exporter from platform to page, without its server, with a clock in our hands. */
export async function stageEngine(input: EngineStageInput = {}): Promise<EngineStage> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-metrics-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let nowMs = START_MS;
  const now = () => nowMs;
  const clock: Clock = { nowMs: now, sleep: async () => undefined };
  const world: World = { incidents: [...(input.incidents ?? [])], alarms: [...(input.alarms ?? [])] };
  const pagerduty = await startPagerdutyFake(world, { nowMs: now });
  const cloudwatch = await startCloudwatchFake(world, { nowMs: now });
  onTestFinished(async () => {
    await pagerduty.close();
    await cloudwatch.close();
  });
  const aws =
    world.alarms.length === 0
      ? ''
      : `\n  - { name: aws, type: cloudwatch, regions: [eu-west-1], base_url: "${cloudwatch.url}", rate_limit: 10000/s, overall: false }`;
  const text = `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${pagerduty.url}", rate_limit: 10000/s }${aws}
store: { path: "${join(folder, 'store.db')}" }
${input.more ?? ''}`;
  const start = () => startEngine({ text, clock, input });
  let life = await start();
  onTestFinished(() => life.close());
  const peek = async (format: Format = 'text') => {
    const page = await life.reader.read(format);
    if (page === undefined) throw new Error('there is no page yet');
    return page;
  };
  return {
    world,
    configuration: text,
    nowMs: now,
    live: async (ms) => {
      nowMs += ms;
      for (const { poller } of life.engine.providers) {
        await poller.pollOnce(new AbortController().signal);
        const { error } = poller.state();
        if (error !== undefined) throw new Error(error);
      }
      await life.pageLoop.tick();
    },
    wait: async (ms) => {
      nowMs += ms;
      await life.pageLoop.tick();
    },
    peek,
    scrape: async () => {
      const page = await peek();
      life.core.scraped(page.version, nowMs);
      return parsePage(Buffer.concat(page.body).toString('utf8'));
    },
    status: (window) => life.status(window),
    lastPoll: (provider) => {
      const opened = life.engine.providers.find(({ config }) => config.name === provider);
      return toLastPollResponse(provider, opened?.transcript.last());
    },
    restart: async () => {
      await life.close();
      life = await start();
    },
  };
}

interface Starting {
  readonly text: string;
  readonly clock: Clock;
  readonly input: EngineStageInput;
}

async function startEngine({ text, clock, input }: Starting): Promise<TestExporter> {
  process.env['AWS_ACCESS_KEY_ID'] = 'invented';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'invented';
  const nowMs = clock.nowMs();
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs });
  return openTestExporter({ config, clock, storeWith: input.storeWith, processText: input.processText });
}
