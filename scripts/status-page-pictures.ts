// Photographs the status page of the demo, light and dark, and writes docs/pictures/status-page-*.png. Needs Debian's package chromium.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { BROWSER } from './pictures/browser.ts';
import { demand, startDemo } from './pictures/programs.ts';

const FOLDER = fileURLToPath(new URL('../docs/pictures', import.meta.url));
const VIEWPORT = { width: 1280, height: 900 };
/** The first syncs of the demo take some seconds. */
const PATIENCE_MS = 60_000;
/** Far longer than the trend of the demo takes once the last provider has synced. */
const TREND_MS = 5000;

async function untilReady(url: string): Promise<void> {
  const latestMs = Date.now() + PATIENCE_MS;
  while (!(await fetch(`${url}/-/ready`)).ok) {
    if (Date.now() > latestMs) throw new Error('the demo is not ready after a minute');
    await pause(500);
  }
  await pause(TREND_MS);
}

demand(['chromium']);
mkdirSync(FOLDER, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'mttr-pictures-'));
const demo = await startDemo(folder);
const browser = await chromium.launch(BROWSER);
try {
  await untilReady(demo.url);
  for (const colorScheme of ['light', 'dark'] as const) {
    const tab = await browser.newPage({ viewport: VIEWPORT, colorScheme });
    await tab.goto(`${demo.url}/`);
    // From the head of the page to the charts: the tables below are longer than a picture should be.
    const charts = await tab.locator('#trend .charts').boundingBox();
    if (charts === null) throw new Error('the status page of the demo has no trend');
    const clip = { x: 0, y: 0, width: VIEWPORT.width, height: charts.y + charts.height + 8 };
    await tab.screenshot({ path: join(FOLDER, `status-page-${colorScheme}.png`), fullPage: true, clip });
  }
} finally {
  await browser.close();
  await demo.end();
  rmSync(folder, { recursive: true });
}
