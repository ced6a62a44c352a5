// Draws the dashboards with what a real Prometheus answers to their queries on the demo, and writes docs/pictures/. It takes some seven
// minutes, for lines over time want time. Needs Debian's packages prometheus, chromium and pngquant.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DASHBOARDS } from '../grafana/src/dashboards.ts';
import { type Answered, type Asking, answered } from './pictures/answers.ts';
import { BROWSER } from './pictures/browser.ts';
import { PNGQUANT, photographed } from './pictures/camera.ts';
import { Dashboard } from './pictures/dashboard.ts';
import { page } from './pictures/page.ts';
import { demand, PROMETHEUS, startDemo, startPrometheus } from './pictures/programs.ts';
import { NOTHING_CHOSEN } from './pictures/questions.ts';

const FOLDER = fileURLToPath(new URL('../docs/pictures', import.meta.url));

/** As in the compose stack. */
const SCRAPE_MS = 15_000;
/** What the pictures show: so much has to be scraped first. */
const RANGE_MS = 6 * 60_000;
/** If a panel has no data by then, it will have none. */
const PATIENCE_MS = 3 * 60_000;
/** Pictures larger than this are too large for a page that people look at. */
const BYTES_MAX = 400_000;

const SERVICE = 'checkout';

const dashboards = Object.entries(DASHBOARDS).map(([name, built]) => ({ name, dashboard: Dashboard.parse(built) }));

/** What stands for the variables of a dashboard: everything, but one service where one is looked at. */
function chosenFor({ uid }: Dashboard) {
  return uid === 'mttr-service' ? { ...NOTHING_CHOSEN, service: SERVICE } : NOTHING_CHOSEN;
}

function choicesOf(dashboard: Dashboard) {
  const chosen = chosenFor(dashboard);
  const word = (name: string) => (chosen[name] === '.*' ? 'All' : (chosen[name] ?? 'Prometheus'));
  return dashboard.templating.list.map(({ name, label }) => ({ label, value: word(name) }));
}

function asking(url: string, dashboard: Dashboard): Asking {
  const toMs = Math.floor(Date.now() / SCRAPE_MS) * SCRAPE_MS;
  return {
    url,
    chosen: chosenFor(dashboard),
    spans: { $__rate_interval: `${(4 * SCRAPE_MS) / 1000}s`, $__range: `${RANGE_MS / 1000}s` },
    range: { fromMs: toMs - RANGE_MS, toMs, stepMs: SCRAPE_MS },
  };
}

/** The answers to everything that a dashboard asks. */
function answersOf(url: string, dashboard: Dashboard): Promise<Answered[]> {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  return Promise.all(panels.map((panel) => answered(panel, asking(url, dashboard))));
}

/** Panels of which a query has no answer yet. */
async function emptyPanels(url: string): Promise<string[]> {
  const all = await Promise.all(dashboards.map(({ dashboard }) => answersOf(url, dashboard)));
  return all.flat().flatMap(({ panel, series }) => {
    const empty = panel.targets.filter(
      ({ refId }) => !series.some((one) => one.refId === refId && one.samples.length > 0),
    );
    return empty.map(({ refId }) => `${panel.title} (${refId})`);
  });
}

/** Waits until the range is full and nothing is empty. */
async function untilFull(url: string): Promise<void> {
  await pause(RANGE_MS + SCRAPE_MS);
  const latestMs = Date.now() + PATIENCE_MS;
  for (let empty = await emptyPanels(url); empty.length > 0; empty = await emptyPanels(url)) {
    if (Date.now() > latestMs) throw new Error(`there is no data for ${empty.join(', ')}`);
    await pause(SCRAPE_MS);
  }
}

async function pages(url: string): Promise<Map<string, string>> {
  const says = `last ${RANGE_MS / 60_000} minutes of the demo, scraped every ${SCRAPE_MS / 1000} s`;
  const drawn = dashboards.map(async ({ name, dashboard }) => {
    const answers = await answersOf(url, dashboard);
    return [name, page({ dashboard, answers, choices: choicesOf(dashboard), says })] as const;
  });
  return new Map(await Promise.all(drawn));
}

async function draw(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-pictures-'));
  const exporter = await startDemo(folder);
  try {
    const prometheus = await startPrometheus(folder, exporter, `${SCRAPE_MS / 1000}s`);
    try {
      console.log(`Prometheus listens on ${prometheus.url}; it scrapes for ${RANGE_MS / 60_000} minutes`);
      await untilFull(prometheus.url);
      return await pages(prometheus.url);
    } finally {
      await prometheus.end();
    }
  } finally {
    await exporter.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

demand([PROMETHEUS, BROWSER.executablePath, PNGQUANT]);
mkdirSync(FOLDER, { recursive: true });
for (const [name, picture] of await photographed(await draw())) {
  if (picture.length > BYTES_MAX)
    throw new Error(`${name}.png has ${picture.length} bytes, at most ${BYTES_MAX} are wanted`);
  writeFileSync(join(FOLDER, `${name}.png`), picture);
  console.log(`docs/pictures/${name}.png: ${picture.length} bytes`);
}
