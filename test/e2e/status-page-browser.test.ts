import { describe, expect, it } from 'vitest';
import { NOW_MS, openIncident, PROVIDER, service, wholeView } from '../server/invented-view.ts';
import { serve, viewWith } from '../server/serving.ts';
import { CHROMIUM, type Looked, useBrowser, violationsOf } from './browser.ts';
import { startExporter, until } from './process.ts';

type Page = Looked['page'];

const VIEW = wholeView({
  services: [
    service('beta', { mttrMinutes: 30, opened: 5, resolved: 3 }),
    service('Alpha', { mttrMinutes: 90, opened: 5, resolved: 2 }),
    service('gamma', { opened: 7, resolved: 0 }),
    service('delta', { mttrMinutes: 9, opened: 10, resolved: 10 }),
  ],
});

function names(page: Page): Promise<string[]> {
  return page.locator('#by-service tbody tr:visible th').allTextContents();
}

async function sortedBy(page: Page): Promise<string> {
  const head = page.locator('#by-service th[aria-sort]');
  return `${await head.textContent()} ${await head.getAttribute('aria-sort')}`;
}

describe.skipIf(CHROMIUM.isSkipped)(`the status page in a real browser${CHROMIUM.says}`, () => {
  const browser = useBrowser();

  it.each([{ colorScheme: 'light' }, { colorScheme: 'dark' }] as const)(
    'is accessible and complains of nothing, $colorScheme',
    async ({ colorScheme }) => {
      const { url } = await serve({ status: async () => VIEW });

      const { page, complaints } = await browser.look(url, { colorScheme, reducedMotion: 'reduce' });
      await page.locator('summary').click();
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');

      expect(background).toBe(colorScheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)');
      expect(await violationsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it('is accessible while there is nothing to show', async () => {
    const { url } = await serve({ status: async () => viewWith({}) });

    const { page, complaints } = await browser.look(url);

    expect(await violationsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.each([{ javaScriptEnabled: true }, { javaScriptEnabled: false }])(
    'sorts and filters by keyboard and by links, scripts allowed: $javaScriptEnabled',
    async ({ javaScriptEnabled }) => {
      const { url } = await serve({ status: async () => VIEW });
      const { page, complaints } = await browser.look(url, { javaScriptEnabled });
      const seen: [string, string[]][] = [];
      const look = async () => seen.push([await sortedBy(page), await names(page)]);
      const turn = async (head: string) => {
        await page.locator('#by-service').getByRole('link', { name: head, exact: true }).focus();
        await page.keyboard.press('Enter');
        await page.waitForURL(/sort=/);
        await page.waitForLoadState();
      };

      await look();
      await turn('Opened');
      await page.waitForURL(/sort=-opened/);
      await look();
      await turn('Opened');
      await page.waitForURL(/sort=opened/);
      await look();
      await turn('Service');
      await page.waitForURL(/sort=service/);
      await look();
      await page.getByRole('searchbox').fill('ETA');
      await page.keyboard.press('Enter');
      await page.waitForURL(/filter=ETA/);
      await look();
      const shown = await page.getByRole('status').textContent();
      await page.reload();
      await look();

      expect(seen).toEqual([
        ['MTTR descending', ['Alpha', 'beta', 'delta', 'gamma']],
        ['Opened descending', ['delta', 'gamma', 'Alpha', 'beta']],
        ['Opened ascending', ['Alpha', 'beta', 'gamma', 'delta']],
        ['Service ascending', ['Alpha', 'beta', 'delta', 'gamma']],
        ['Service ascending', ['beta']],
        ['Service ascending', ['beta']],
      ]);
      expect(shown).toBe('1 of 4 services');
      expect(complaints).toEqual([]);
    },
  );

  it('sorts and filters without asking again where scripts may run, and its links keep what was chosen', async () => {
    let asked = 0;
    const status = async () => {
      asked += 1;
      return VIEW;
    };
    const { url } = await serve({ status });
    const { page } = await browser.look(url);

    await page.getByRole('link', { name: 'Resolved', exact: true }).last().click();
    await page.getByRole('searchbox').fill('a');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('searchbox').fill('lta');
    const [order, shown, link] = [
      await names(page),
      await page.getByRole('status').textContent(),
      await page.getByRole('link', { name: '90d' }).getAttribute('href'),
    ];

    expect({ order, shown, asked }).toEqual({ order: ['delta'], shown: '1 of 4 services', asked: 1 });
    expect(link).toBe('?window=90d&sort=-resolved&filter=lta#main');
  });

  it('holds behind a prefix: links, windows and the form stay below it', async () => {
    const { url } = await serve({
      status: async (window) => ({ ...VIEW, window: window ?? '30d' }),
      routePrefix: '/mttr',
    });
    const { page } = await browser.look(url, { javaScriptEnabled: false });
    const visited: string[] = [];

    await page.getByRole('link', { name: '7d' }).click();
    visited.push(page.url());
    await page.getByRole('searchbox').fill('beta');
    await page.getByRole('button', { name: 'Filter' }).click();
    visited.push(page.url());
    await page.getByRole('link', { name: 'Metrics' }).click();
    visited.push(page.url());

    expect(visited).toEqual([`${url}?window=7d#main`, `${url}?filter=beta&window=7d#services`, `${url}metrics`]);
  });

  it.each([1280, 1600, 420])('fits %d pixels, whatever services, providers and incidents are called', async (width) => {
    const name = `payments-${'reconciliation-'.repeat(7)}`;
    const view = wholeView({
      services: [
        service(name, { mttrMinutes: 119.95, baselineMinutes: 119.9, resolved: 12_345 }),
        service('W'.repeat(128)),
      ],
      open: {
        oldest: [openIncident(name, { service: name, provider: name, severity: name, triggeredAtMs: 0 })],
        total: 1,
      },
      providers: [{ ...PROVIDER, name, state: 'down', error: `${name} ${name}`, unmappedSeverities: [name] }],
      issues: [{ kind: 'problem', text: name + name }],
    });
    const { url } = await serve({ status: async () => view });

    const { page, complaints } = await browser.look(url, { viewport: { width, height: 900 } });
    const widest: number = await page.evaluate(
      `Math.max(document.documentElement.scrollWidth,
        ...[...document.querySelectorAll('table')].filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().right))`,
    );

    expect(widest).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
  });

  it('loads itself again every minute while nobody works with it, and stays where it was', async () => {
    let version = 1;
    const { url } = await serve({ status: async () => ({ ...VIEW, version: String(version) }) });
    const { page } = await browser.look('about:blank');
    await page.clock.install();
    await page.goto(`${url}?window=7d&filter=a#services`);
    await page.locator('summary').click();
    await page.locator('#services').scrollIntoViewIfNeeded();
    const scrolled: number = await page.evaluate('scrollY');
    version = 2;

    await page.getByRole('searchbox').press('End');
    await page.clock.runFor(40_000);
    const early = await page.locator('footer p').textContent();
    await page.clock.runFor(30_000);
    await page.getByText('Version 2').waitFor();

    expect(early).toContain('Version 1');
    expect(await page.evaluate('document.activeElement.id')).toBe('filter');
    expect(await page.locator('details').getAttribute('open')).toBe('');
    expect(await page.evaluate('scrollY')).toBe(scrolled);
  });

  it('stands still when that is asked for, also after it was opened again', async () => {
    let asked = 0;
    const status = async () => {
      asked += 1;
      return VIEW;
    };
    const { url } = await serve({ status });
    const { page } = await browser.look('about:blank');
    await page.clock.install();
    await page.goto(url);

    await page.getByLabel('Refresh every minute').uncheck();
    await page.clock.runFor(120_000);
    await page.reload();
    await page.clock.runFor(120_000);

    expect(await page.getByLabel('Refresh every minute').isChecked()).toBe(false);
    expect(asked).toBe(2);
  });

  it('is read by keyboard: the first stop leads past the links, wide tables scroll', async () => {
    const { url } = await serve({ status: async () => VIEW });
    const { page } = await browser.look(url, { viewport: { width: 400, height: 700 } });

    await page.keyboard.press('Tab');
    const first = await page.locator(':focus').textContent();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const next = await page.evaluate('document.activeElement.closest("main") !== null');
    const isWider = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

    expect(first).toBe('Skip to the content');
    expect(next).toBe(true);
    expect(isWider).toBe(false);
  });

  it('tells the tree that screen readers read: landmarks, headings in order, tables by name', async () => {
    const { url } = await serve({ status: async () => VIEW });
    const { page } = await browser.look(url);

    const headings = await page.evaluate(
      '[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((one) => one.localName)',
    );
    const tables = await page.getByRole('table').count();
    const images = await page.getByRole('img', { name: /^MTTR of P1: from .* to .*, target 30 min$/ }).count();

    expect(headings).toEqual(['h1', 'h2', 'h2', 'h2', 'h2', 'h2', 'h2', 'h2']);
    expect(tables).toBe(4);
    expect(images).toBe(1);
    expect(await page.locator(`time[datetime="${new Date(NOW_MS).toISOString()}"]`).count()).toBeGreaterThan(0);
  });

  it('does no harm with what a platform calls its things', async () => {
    const evil = `"><img src=x onerror="document.title='hacked'"><script>document.title='hacked'</script>`;
    const { url } = await serve({ status: async () => ({ ...VIEW, services: [service(evil)], version: evil }) });

    const { page, complaints } = await browser.look(`${url}?filter=${encodeURIComponent(evil)}`);

    expect(await page.title()).toBe('(1) mttr-exporter');
    expect(await names(page)).toEqual([evil]);
    expect(complaints).toEqual([]);
  });

  it('runs no script that is not its own, even if one got in', async () => {
    const { url } = await serve({ status: async () => VIEW });
    const { page, complaints } = await browser.look(url);

    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = "document.title = 'hacked'";
      document.body.append(script);
    }`);

    expect(await page.title()).toBe('(1) mttr-exporter');
    expect(complaints.join()).toContain('Content Security Policy');
  });

  it('of the demo shows the very numbers of /metrics, and its trend', async () => {
    const exporter = await startExporter({ words: ['demo'] });
    await exporter.untilPage('all is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 3);
    await until('the trend is ready', async () => (await exporter.get('')).text.includes('<svg class="chart"'));
    const numbersOf = async () => {
      const { page, complaints } = await browser.look(`${exporter.url}?window=90d`);
      const rows: string[] = await page.evaluate(
        `[...document.querySelectorAll('#severities tbody tr')].map(({ cells }) =>
          [cells[0].textContent.split(' ')[0], ...[1, 6].map((at) => cells[at].querySelector('data')?.value)].join(' '))`,
      );
      return { rows, complaints };
    };

    const before = await exporter.page();
    const { rows, complaints } = await numbersOf();
    const after = await exporter.page();

    const metricsRows = [before, after].map((metrics) =>
      ['P1', 'P2', 'P3', 'P4', 'P5'].map((severity) => {
        const labels = { by: 'severity', window: '90d', severity };
        return [
          severity,
          metrics.value('incident_mttr_minutes', labels),
          metrics.value('incident_window_resolved', labels),
        ].join(' ');
      }),
    );
    for (const [at, row] of rows.entries()) expect([metricsRows[0]?.[at], metricsRows[1]?.[at]]).toContain(row);
    expect(rows).toHaveLength(5);
    expect(complaints).toEqual([]);
  });
});
