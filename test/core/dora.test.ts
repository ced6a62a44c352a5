import { describe, expect, it } from 'vitest';
import type { Parsed } from '../e2e/page.ts';
import { changes, comparison, failure, success } from '../store/deployment-fixtures.ts';
import { at, incident, poll, recovered, SINCE } from '../store/fixtures.ts';
import { type CoreStage, setupOf, stageCore } from './stage.ts';

const PROVIDERS = ['{ type: pagerduty, api_key: k }', '{ name: ci, type: import }'];
const SMALL = 'dora: { minimum_sample: 1 }\nwindows: [30d]';

/** A core whose providers have got through their first syncs. */
function stage(more = SMALL): CoreStage {
  const staged = stageCore({ setup: setupOf(PROVIDERS, more) });
  for (const provider of ['pagerduty', 'ci']) staged.core.commit(poll(at(1), { provider, startedAtMs: SINCE }));
  return staged;
}

const ci = (minute: number, batch: object) => ({ ...poll(at(minute), batch), provider: 'ci' });

/** The samples of a family as they stand on a page. */
function toSamples({ text }: Parsed, name: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(name.length, end), Number(line.slice(end))];
    }),
  );
}

async function samples(staged: CoreStage, name: string, minute: number): Promise<Record<string, number>> {
  return toSamples(await staged.scrape(at(minute)), name);
}

/** The lines of the windowed rows of deployments. */
function doraLines({ text }: Parsed): string[] {
  return text.split('\n').filter((line) => line.startsWith('dora_'));
}

describe('the page shows deployments', () => {
  it('as counters, histograms, states and windowed rows', async () => {
    const staged = stage();
    await staged.scrape(at(2));
    staged.core.commit(
      ci(60, {
        deployments: [success('a', 10), failure('b', 20), success('c', 40)],
        comparisons: [comparison('a', 'c', 'ahead', changes(0, 30))],
      }),
    );
    await staged.scrape(at(60));
    await staged.scrape(at(61));

    const all = '{by="all",window="30d"}';
    const labels = 'provider="ci",service="checkout",environment="production"';
    expect(await samples(staged, 'deployments_total', 62)).toEqual({
      [`{${labels},outcome="success"}`]: 2,
      [`{${labels},outcome="failure"}`]: 1,
      [`{${labels},outcome="cancelled"}`]: 0,
    });
    expect(await samples(staged, 'deployment_lead_time_minutes_count', 62)).toEqual({ [`{${labels}}`]: 2 });
    expect(await samples(staged, 'deployment_failing', 62)).toEqual({ [`{${labels}}`]: 0 });
    expect(await samples(staged, 'dora_window_deployments', 62)).toMatchObject({ [all]: 3 });
    expect(await samples(staged, 'dora_lead_time_minutes', 62)).toMatchObject({ [all]: 25 });
    expect(await samples(staged, 'dora_change_failure_ratio', 62)).toMatchObject({ [all]: 1 / 3 });
    expect(await samples(staged, 'dora_recovery_time_minutes', 62)).toMatchObject({ [all]: 20 });
    expect(await samples(staged, 'dora_rework_ratio', 62)).toMatchObject({ [all]: 1 / 3 });
  });

  it('with the incidents of other providers after them, but not those that follow from failed ones', async () => {
    const staged = stage();
    staged.core.commit(ci(100, { deployments: [success('a', 10), failure('b', 50)] }));
    const before = await samples(staged, 'dora_window_failures', 100);
    staged.core.commit({
      ...poll(at(100), { incidents: [recovered('Q', 15, { triggeredAtMs: at(20) })] }),
      provider: 'pagerduty',
    });

    const after = await samples(staged, 'dora_window_failures', 101);

    expect(before['{by="all",window="30d"}']).toBe(1);
    expect(after['{by="all",window="30d"}']).toBe(2);
    expect(await samples(staged, 'dora_recovery_time_minutes', 102)).toMatchObject({ '{by="all",window="30d"}': 15 });
  });

  it('failing while nothing recovered the newest one', async () => {
    const staged = stage();
    staged.core.commit(ci(60, { deployments: [success('a', 10), failure('b', 20)] }));
    const labels = '{provider="ci",service="checkout",environment="production"}';
    const failing = await samples(staged, 'deployment_failing', 60);
    staged.core.commit(ci(90, { deployments: [success('c', 80)] }));

    const recoveredNow = await samples(staged, 'deployment_failing', 90);

    expect([failing[labels], recoveredNow[labels]]).toEqual([1, 0]);
    expect(await samples(staged, 'deployment_last_timestamp_seconds', 91)).toMatchObject({
      [labels.replace('}', ',outcome="failure"}')]: at(20) / 1000,
      [labels.replace('}', ',outcome="success"}')]: at(80) / 1000,
    });
  });

  it('the same after a restart', async () => {
    const staged = stage();
    staged.core.commit(ci(60, { deployments: [success('a', 10), failure('b', 20), success('c', 40)] }));
    const before = doraLines(await staged.scrape(at(60)));
    staged.core.close();
    const again = stageCore({ path: staged.path, setup: setupOf(PROVIDERS, SMALL), nowMs: at(60) });

    const after = doraLines(await again.scrape(at(60)));

    expect(before.length).toBeGreaterThan(20);
    expect(after).toEqual(before);
  });

  it('not at all where a provider that may have some has none', async () => {
    const staged = stage();
    staged.core.commit({ ...poll(at(60), { incidents: [incident('Q')] }), provider: 'pagerduty' });

    expect(doraLines(await staged.scrape(at(60)))).toEqual([]);
  });
});
