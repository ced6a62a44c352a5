import { chromium } from 'playwright-core';
import { PAGE_WIDTH } from './page.ts';

const CHROMIUM = '/usr/bin/chromium';

/** It shall show a page and else be quiet: nothing leaves the machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  // Colours at the edges of letters cost a quarter of the size.
  '--disable-lcd-text',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Pictures of whole pages of HTML, as PNG, by their names. */
export async function photographed(pages: ReadonlyMap<string, string>): Promise<Map<string, Uint8Array>> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const pictures = new Map<string, Uint8Array>();
    for (const [name, html] of pages) {
      const tab = await browser.newPage({ viewport: { width: PAGE_WIDTH, height: 900 }, offline: true });
      await tab.setContent(html);
      pictures.set(name, await tab.screenshot({ fullPage: true, type: 'png' }));
      await tab.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
