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
/** From the head of the page to the charts: the tables below are longer than a picture should be. */
const VIEWPORT = { width: 1240, height: 1455 };
/** The first sync of the demo takes some seconds, the trend comes after it. */
const PATIENCE_MS = 60_000;

/** Waits until the trend is drawn: it is the last of all to be there. */
async function untilWhole(url: string): Promise<void> {
  const latestMs = Date.now() + PATIENCE_MS;
  while (!(await (await fetch(`${url}/`)).text()).includes('<svg class="chart"')) {
    if (Date.now() > latestMs) throw new Error('the status page of the demo has no trend after a minute');
    await pause(500);
  }
}

demand(['chromium']);
mkdirSync(FOLDER, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'mttr-pictures-'));
const demo = await startDemo(folder);
const browser = await chromium.launch(BROWSER);
try {
  await untilWhole(demo.url);
  for (const colorScheme of ['light', 'dark'] as const) {
    const tab = await browser.newPage({ viewport: VIEWPORT, colorScheme });
    await tab.goto(`${demo.url}/`);
    await tab.screenshot({ path: join(FOLDER, `status-page-${colorScheme}.png`) });
  }
} finally {
  await browser.close();
  await demo.end();
  rmSync(folder, { recursive: true });
}
