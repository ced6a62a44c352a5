import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';
import { BROWSER } from './browser.ts';
import { PAGE_WIDTH } from './page.ts';

/** What makes pictures small. */
export const PNGQUANT = 'pngquant';

/** The picture with 256 colours, a third as large: more are only at the edges of letters. */
function inFewColours(png: Uint8Array): Uint8Array {
  return execFileSync(PNGQUANT, ['--strip', '256', '-'], { input: png });
}

/** Pictures of whole pages of HTML, as PNG, by their names. */
export async function photographed(pages: ReadonlyMap<string, string>): Promise<Map<string, Uint8Array>> {
  const browser = await chromium.launch(BROWSER);
  try {
    const pictures = new Map<string, Uint8Array>();
    for (const [name, html] of pages) {
      const tab = await browser.newPage({ viewport: { width: PAGE_WIDTH, height: 900 }, offline: true });
      await tab.setContent(html);
      pictures.set(name, inFewColours(await tab.screenshot({ fullPage: true, type: 'png' })));
      await tab.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
