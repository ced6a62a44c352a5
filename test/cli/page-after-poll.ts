import { readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config/load.ts';
import type { Clock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import { type Parsed, parsePage } from '../e2e/page.ts';
import { openTestExporter } from '../test-exporter.ts';

/** What an exporter of this configuration shows after a start and one poll of each provider; it is gone afterwards. */
export async function pageAfterPoll(configFile: string, clock: Clock): Promise<Parsed> {
  const text = readFileSync(configFile, 'utf8');
  const readFile = () => '';
  const { config } = loadConfig({ text, filename: configFile, env: {}, platforms, readFile, nowMs: clock.nowMs() });
  const life = await openTestExporter({ config, clock });
  try {
    for (const { poller } of life.engine.providers) await poller.pollOnce(new AbortController().signal);
    await life.pageLoop.tick();
    const page = await life.reader.read('text');
    return parsePage(Buffer.concat(page?.body ?? []).toString('utf8'));
  } finally {
    await life.close();
  }
}
