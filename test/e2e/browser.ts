import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { BROWSER } from '../../scripts/pictures/browser.ts';
import { tool } from '../deploy/tools.ts';

export const CHROMIUM = tool('chromium');

/** Nothing on a page of ours takes as long. */
const PATIENCE_MS = 15_000;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A page of the browser with everything that went wrong on it. */
export interface Looked {
  readonly page: Page;
  /** Errors of scripts, refusals by the policy, and requests to anything but the page's own host. */
  readonly complaints: string[];
}

/** One Chromium for the tests of a file, with a profile that is empty and gone afterwards. */
export function useBrowser(): { look(url: string, options?: BrowserContextOptions): Promise<Looked> } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!CHROMIUM.isSkipped) browser = await chromium.launch(BROWSER);
  });
  afterAll(() => browser?.close());
  return {
    look: async (url, options = {}) => {
      if (browser === undefined) throw new Error(`there is no ${BROWSER.executablePath}: apt-get install chromium`);
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
      onTestFinished(() => context.close());
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const complaints: string[] = [];
      const { host } = new URL(url);
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        if (new URL(request.url()).host !== host) complaints.push(`asked for ${request.url()}`);
      });
      await page.goto(url);
      return { page, complaints };
    },
  };
}

/** What axe finds wrong by WCAG 2.2 A and AA and its best practices: rule and element; the page's policy lets debuggers evaluate. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[] = await page.evaluate(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)",
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')} ${failureSummary.replace(/\s+/g, ' ')}`),
  );
}
