import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { FORMATS } from '../../src/metrics/exposition.ts';
import { families } from '../../src/metrics/families.ts';
import { Page } from '../../src/metrics/page.ts';
import { createPageReader, createPageUpdates, type WholePage } from '../../src/metrics/reader.ts';
import { openRow, provider, row, SETTINGS, set, shown, source } from './page-source.ts';

const text = ({ body }: WholePage) => Buffer.concat([...body]).toString('utf8');
const mttr = (value: number) => row({ mttr: value });

async function readerOf(processText = async () => 'process_x 1\n') {
  const page = new Page(families, SETTINGS);
  const reader = createPageReader(processText);
  const toUpdate = createPageUpdates();
  const show = async (given: Parameters<typeof source>[0]) => {
    const update = toUpdate(page.render(source(given)));
    reader.show(update);
    return update.version;
  };
  return { reader, show };
}

it('there is no page before the first one was rendered', async () => {
  const { reader } = await readerOf();

  expect(await reader.read('text')).toBeUndefined();
});

it.each(FORMATS)('gzip is one member that holds exactly the plain page: %s', async (format) => {
  const { reader, show } = await readerOf();
  await show({ sets: [shown(set())], rows: [mttr(1)] });

  const page = await reader.read(format);

  const whole = Buffer.concat([...(page?.gzip ?? [])]);
  const [plain, members] = gunzipMembers(whole);
  expect(members).toBe(1);
  expect(plain.equals(Buffer.concat([...(page?.body ?? [])]))).toBe(true);
});

/** What gunzip makes of it, and how many members its input had: a member's length stands in its trailer. */
function gunzipMembers(whole: Buffer): [Buffer, number] {
  const plain = gunzipSync(whole);
  return [plain, whole.readUInt32LE(whole.length - 4) === plain.length ? 1 : 2];
}

it('the page ends with the process’ own metrics, and in OpenMetrics with # EOF once', async () => {
  const { reader, show } = await readerOf();
  await show({});

  const plain = await reader.read('text');
  const openmetrics = await reader.read('openmetrics');

  expect(plain && text(plain)).toMatch(/\nprocess_x 1\n$/);
  expect(openmetrics && text(openmetrics)).toMatch(/\nprocess_x 1\n# EOF\n$/);
  expect(openmetrics && text(openmetrics).split('# EOF')).toHaveLength(2);
});

it('each page that is shown has a version of its own', async () => {
  const { reader, show } = await readerOf();

  const first = await show({ rows: [mttr(1)] });
  const second = await show({ rows: [mttr(2)] });
  const page = await reader.read('text');

  expect(second).toBeGreaterThan(first);
  expect(page?.version).toBe(second);
});

it('a read that began before a new page has the version of what it holds', async () => {
  let release: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { reader, show } = await readerOf(async () => {
    await waiting;
    return '';
  });
  await show({ rows: [mttr(1)] });

  const reading = reader.read('text');
  const newest = await show({ rows: [mttr(2)] });
  release();
  const page = await reading;

  expect(page?.version).toBe(newest);
  expect(page && text(page)).toContain('incident_mttr_minutes{by="all",window="30d"} 2\n');
});

it('a new page replaces the old one at once, also for scrapes that share a read', async () => {
  const { reader, show } = await readerOf();
  await show({ rows: [mttr(1)] });
  const before = await reader.read('text');

  await show({ rows: [mttr(2)] });
  const after = await reader.read('text');

  expect(before && text(before)).toContain('window="30d"} 1\n');
  expect(after && text(after)).toContain('window="30d"} 2\n');
});

it('a page that was read never changes', async () => {
  const { reader, show } = await readerOf();
  await show({ rows: [mttr(1)] });
  const page = await reader.read('text');
  const before = page && text(page);

  await show({ rows: [mttr(2)], openRows: [openRow()] });

  expect(page && text(page)).toBe(before);
});

it('a removed row is gone from the next page, a new one is on it', async () => {
  const { reader, show } = await readerOf();
  const other = shown(set({ labels: { row: 2, provider: 'og' } }), { provider: provider({ name: 'og' }) });
  await show({ sets: [shown(set()), other] });

  await show({ sets: [other] });
  const page = await reader.read('text');

  expect(page && text(page)).not.toContain('provider="pd"');
  expect(page && text(page)).toContain('incident_opened_total{provider="og"');
});

it('a changed value of a row is shown when its version rises', async () => {
  const { reader, show } = await readerOf();
  const kept = mttr(1);
  await show({ rows: [kept] });

  kept.values[0]?.fill(7, 0, 1);
  kept.versions[0] = 1;
  await show({ rows: [kept] });
  const page = await reader.read('text');

  expect(page && text(page)).toContain('incident_mttr_minutes{by="all",window="30d"} 7\n');
});
