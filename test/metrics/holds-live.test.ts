import { describe, expect, it } from 'vitest';
import { type EngineStage, MINUTE_MS, SECOND_MS, START_MS, stageEngine, told } from './stage.ts';

const LABELS = { provider: 'pd', service: 'payments', severity: 'P1' };
const NAME = 'incident_recovery_time_minutes_count';

/** Opens two minutes after the start, is over a minute later. */
const FIRST = told({ id: 'Q1', service: 'payments', triggeredAtMs: START_MS + 2 * MINUTE_MS, resolved: 1 });

interface Scraper {
  /** What it read so far; undefined where the series was not there. */
  readonly seen: (number | undefined)[];
  scrape(): Promise<void>;
}

function scraper(stage: EngineStage): Scraper {
  const seen: (number | undefined)[] = [];
  return { seen, scrape: async () => void seen.push((await stage.scrape()).value(NAME, LABELS)) };
}

/** The first number of a series is what `increase()` starts from. */
function firstOf({ seen }: Scraper): number | undefined {
  return seen.find((value) => value !== undefined);
}

/** Polls and renders every ten seconds; whoever is due scrapes. */
async function liveFor(stage: EngineStage, minutes: number, due: (atSeconds: number) => readonly Scraper[]) {
  for (let seconds = 0; seconds < minutes * 60; seconds += 10) {
    await stage.live(10 * SECOND_MS);
    for (const one of due((stage.nowMs() - START_MS) / SECOND_MS)) await one.scrape();
  }
}

describe('the first incident of a service is counted by', () => {
  it('a single scraper', async () => {
    const stage = await stageEngine({ incidents: [FIRST] });
    const prometheus = scraper(stage);

    await liveFor(stage, 8, (seconds) => (seconds % 60 === 0 ? [prometheus] : []));

    expect(firstOf(prometheus)).toBe(0);
    expect(prometheus.seen.at(-1)).toBe(1);
  });

  it('each of two scrapers that alternate', async () => {
    const stage = await stageEngine({ incidents: [FIRST] });
    const [one, other] = [scraper(stage), scraper(stage)];

    await liveFor(stage, 8, (seconds) => [
      ...(seconds % 60 === 0 ? [one] : []),
      ...(seconds % 60 === 30 ? [other] : []),
    ]);

    for (const { seen } of [one, other]) {
      expect(seen.find((value) => value !== undefined)).toBe(0);
      expect(seen.at(-1)).toBe(1);
    }
  });

  it('a scraper even when somebody opened the page first', async () => {
    const stage = await stageEngine({ incidents: [FIRST] });
    const [prometheus, person] = [scraper(stage), scraper(stage)];

    await liveFor(stage, 8, (seconds) => [
      ...(seconds === 130 ? [person] : []),
      ...(seconds % 60 === 0 ? [prometheus] : []),
    ]);

    expect(person.seen).toEqual([0]);
    expect(firstOf(prometheus)).toBe(0);
    expect(prometheus.seen.at(-1)).toBe(1);
  });

  it('a scraper that was away when the series was created', async () => {
    const stage = await stageEngine({ incidents: [FIRST] });
    const [steady, away] = [scraper(stage), scraper(stage)];

    await liveFor(stage, 8, (seconds) => [
      ...(seconds % 60 === 0 ? [steady] : []),
      ...(seconds % 60 === 20 && (seconds < 120 || seconds > 240) ? [away] : []),
    ]);

    expect(firstOf(away)).toBe(0);
    expect(away.seen.at(-1)).toBe(1);
  });
});

/** An exporter that was there before the incident was. */
async function watching(more = ''): Promise<EngineStage> {
  const stage = await stageEngine({ incidents: [FIRST], more });
  await stage.live(0);
  await stage.scrape();
  return stage;
}

it('the hold covers openings too, so that all series of a service start from zero together', async () => {
  const stage = await watching();

  await stage.live(2.5 * MINUTE_MS);
  const born = await stage.scrape();
  await stage.live(2 * MINUTE_MS);
  const held = await stage.scrape();
  await stage.live(MINUTE_MS);
  const released = await stage.scrape();

  const opened = [born, held, released].map((page) => page.value('incident_opened_total', LABELS));
  const resolved = [born, held, released].map((page) => page.value(NAME, LABELS));
  expect(opened).toEqual([0, 0, 1]);
  expect(resolved).toEqual([0, 0, 1]);
});

it('a hold of 0s shows an observation on the first page after one that carried the zero', async () => {
  const stage = await watching('metrics: { new_series_hold: 0s }');

  await stage.live(4 * MINUTE_MS);
  const first = await stage.scrape();
  await stage.wait(SECOND_MS);
  const second = await stage.scrape();

  expect(first.value(NAME, LABELS)).toBe(0);
  expect(second.value(NAME, LABELS)).toBe(1);
});

it('a page that was never sent completely starts no hold', async () => {
  const stage = await watching();
  await stage.live(4 * MINUTE_MS);

  await stage.peek();
  await stage.live(10 * MINUTE_MS);
  const page = await stage.scrape();

  expect(page.value(NAME, LABELS)).toBe(0);
});

it('what was released stays released after a restart', async () => {
  const stage = await watching();
  await stage.live(4 * MINUTE_MS);
  await stage.scrape();
  await stage.live(3 * MINUTE_MS);

  await stage.restart();
  const page = await stage.scrape();

  expect(page.value(NAME, LABELS)).toBe(1);
});

it('a hold that has not ended begins again after a restart', async () => {
  const stage = await watching();
  await stage.live(4 * MINUTE_MS);
  await stage.scrape();
  await stage.live(2.5 * MINUTE_MS);

  await stage.restart();
  await stage.live(MINUTE_MS);
  const first = await stage.scrape();
  await stage.live(2.9 * MINUTE_MS);
  const held = await stage.scrape();
  await stage.live(0.1 * MINUTE_MS);
  const released = await stage.scrape();

  expect([first, held, released].map((page) => page.value(NAME, LABELS))).toEqual([0, 0, 1]);
});

it('the time of creation is kept over restarts', async () => {
  const stage = await watching();
  await stage.live(4 * MINUTE_MS);
  const createdOf = async () => {
    const text = Buffer.concat((await stage.peek('openmetrics')).body).toString('utf8');
    return /^incident_recovery_time_minutes_created\{.*\} (\S+)$/m.exec(text)?.[1];
  };
  const before = await createdOf();

  await stage.restart();
  await stage.live(MINUTE_MS);

  expect(before).toBe(String((START_MS + 4 * MINUTE_MS) / SECOND_MS));
  expect(await createdOf()).toBe(before);
});
