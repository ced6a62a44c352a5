import { describe, expect, it } from 'vitest';
import type { Page, PollCoverage } from '../../src/model/poll.ts';
import { imported } from '../../src/providers/import/platform.ts';
import { createMemoryKnown } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const BEFORE: PollCoverage = { polledUntilMs: Date.UTC(2026, 3, 1), historyStartMs: Date.UTC(2024, 0, 1) };

function create(settings: Record<string, unknown> = {}) {
  const config = providerConfig('import', { name: 'former', settings });
  return imported.create(config, { clock: impatientClock(NOW_MS), observer: silentObserver });
}

async function poll(settings: Record<string, unknown>, before: PollCoverage | undefined, cursor?: string) {
  const request = {
    cursor,
    before,
    nowMs: NOW_MS,
    historyStartMs: 0,
    stored: createMemoryKnown().known,
    signal: new AbortController().signal,
  };
  const pages: Page[] = [];
  for await (const page of create(settings).poll(request)) pages.push(page);
  return pages;
}

describe('a provider of imported incidents', () => {
  it('ends where the last import ended, so that its windows stand still', async () => {
    const [page, ...others] = await poll({}, BEFORE);

    expect(page).toMatchObject({ incidents: [], deletedIds: [], complete: BEFORE });
    expect(others).toEqual([]);
  });

  it('ends now when nothing more can come', async () => {
    const [page] = await poll({ until: 'now' }, BEFORE);

    expect(page?.complete).toEqual({ ...BEFORE, polledUntilMs: NOW_MS });
  });

  it('keeps the cursor of the platform that it was before', async () => {
    const [page] = await poll({}, BEFORE, '{"phase":"synced"}');

    expect(page?.cursor).toBe('{"phase":"synced"}');
  });

  it('fails while nothing was imported, and says what to run', async () => {
    await expect(poll({}, undefined)).rejects.toThrow(
      'nothing has been imported: run mttr-exporter import --provider former',
    );
  });

  it('has nothing to probe', async () => {
    const signal = new AbortController().signal;

    const report = await create().probe({ nowMs: NOW_MS, historyStartMs: 0, signal });

    expect(report).toMatchObject({ probes: [{ outcome: 'ok' }], estimate: { perPoll: 0, firstSync: 0 } });
  });
});
