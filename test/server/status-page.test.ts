import { describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/server/status-page/view.ts';
import {
  HOUR_MS,
  MINUTE_MS,
  NO_FIGURES,
  NOW_MS,
  openIncident,
  PROVIDER,
  service,
  severity,
  wholeView,
} from './invented-view.ts';
import { ask, serve, viewWith } from './serving.ts';

/** The page for a view, asked with a query. */
async function pageOf(view: StatusView, query = ''): Promise<string> {
  const { url } = await serve({ status: async () => view });
  return (await ask(`${url}${query}`)).body;
}

/** One section of the page. */
function section(page: string, id: string): string {
  return new RegExp(`<section id="${id}".*?</section>`, 's').exec(page)?.[0] ?? '';
}

function plain(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Cells of the table in a section, row by row, as plain text. */
function rowsOf(markup: string): string[][] {
  const [, body = ''] = /<tbody>(.*?)<\/tbody>/s.exec(markup) ?? [];
  return [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => plain(cell)),
  );
}

/** Names of services in the order of the table, those that are hidden left out. */
function servicesShown(page: string): string[] {
  return [...section(page, 'services').matchAll(/<tr><th scope="row">(.*?)<\/th>/g)].map(([, name = '']) => name);
}

describe('the first page', () => {
  it('says which version runs, since when, and as of when', async () => {
    const page = await pageOf(viewWith({ uptimeMs: 93_784_000 }));

    expect(plain(page)).toContain('As of 2026-11-21 09:00:00 UTC . Version 1.2.3, up for 1 d 2 h.');
  });

  it('links to the endpoints relative to itself', async () => {
    const page = await pageOf(viewWith({ links: [{ href: 'api/v1/status', text: 'Status as JSON' }] }));

    const [, links = ''] = /<nav aria-label="Endpoints">(.*?)<\/nav>/s.exec(page) ?? [];
    expect([...links.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      'metrics',
      '-/healthy',
      '-/ready',
      'api/v1/status',
    ]);
  });

  it('offers the windows and marks the one that is shown', async () => {
    const page = await pageOf(viewWith({ window: '7d' }), '?window=7d&sort=opened');

    expect(page).toContain('<a href="?window=7d&amp;sort=opened#recovery" aria-current="true">7d</a>');
    expect(page).toContain('<a href="?window=90d&amp;sort=opened#recovery">90d</a>');
  });

  it('asks for the window of the address, and says so when there is none of that name', async () => {
    const asked: (string | undefined)[] = [];
    const { url } = await serve({
      status: async (window) => {
        asked.push(window);
        return viewWith({});
      },
    });

    const pages = [await ask(url), await ask(`${url}?window=30d`), await ask(`${url}?window=%3Cb%3E&window=7d`)];

    expect(asked).toEqual([undefined, '30d', '<b>']);
    expect(pages.map(({ body }) => body.includes('There is no window of that name; this is 30d.'))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('lets no text of a platform become markup', async () => {
    const text = `<script>alert("x")</script>&'`;
    const whole = wholeView();
    const provider = { ...PROVIDER, name: text, type: text, state: text, error: text, unmappedSeverities: [text] };
    const page = await pageOf(
      {
        ...whole,
        version: text,
        windows: [text],
        window: text,
        troubles: [{ kind: 'problem', text }],
        severities: [severity(text, { title: text, level: text, mttrMinutes: 1 })],
        services: [service(text)],
        trend: whole.trend?.map((series) => ({ ...series, name: text })),
        open: {
          oldest: [openIncident(text, { provider: text, service: text, severity: text, status: text, url: text })],
          total: 1,
        },
        providers: [provider],
        links: [{ href: text, text }],
      },
      `?window=${encodeURIComponent(text)}&filter=${encodeURIComponent(text)}&sort=${encodeURIComponent(text)}`,
    );

    const [style, script] = [page.split('<style').length, page.split('<script').length];
    expect([style, script]).toEqual([2, 2]);
    expect(page).not.toContain('alert("');
    expect(page.split('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;').length).toBeGreaterThan(25);
  });

  it('allows itself its own style, its own script and its own form, and nothing else', async () => {
    const { url } = await serve({ status: async () => wholeView() });

    const { headers, body } = await ask(url);

    const hash = async (element: string) => {
      const [, text = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(body) ?? [];
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      return `'sha256-${Buffer.from(digest).toString('base64')}'`;
    };
    expect(headers['content-security-policy']).toBe(
      [
        "default-src 'none'",
        `style-src ${await hash('style')}`,
        `script-src ${await hash('script')}`,
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join('; '),
    );
    expect(body).not.toMatch(/<(link|img|iframe|object)\b| style=| on\w+=| src=/);
  });

  it('says for each part that is not there yet why', async () => {
    const page = await pageOf(viewWith({}));

    expect(plain(page)).toContain(
      'There is no row of everything: no provider has synced yet, or groupings leaves it out.',
    );
    expect(plain(page)).toContain(
      'There are no rows by severity: no provider has synced yet, or groupings leaves them out.',
    );
    expect(plain(page)).toContain(
      'There are no rows by service: no provider has synced yet, or groupings leaves them out.',
    );
    expect(plain(page)).toContain('The trend is not there yet');
    expect(plain(section(page, 'open'))).toBe('Open incidents None.');
    expect(plain(section(page, 'now'))).toBe('What is wrong right now ✓ Nothing.');
    expect(plain(section(page, 'providers'))).toBe('Providers None is configured.');
  });
});

describe('what is wrong', () => {
  it('is told with problems before notices, each by its word', async () => {
    const page = await pageOf(wholeView());

    const items = [...section(page, 'now').matchAll(/<li.*?<\/li>/gs)].map(([item]) => plain(item));
    expect(items).toEqual(['Problem: aws is down: 403 Forbidden', 'Notice: opsgenie: the first sync is not complete.']);
  });
});

describe('numbers', () => {
  it.each([
    { mttrMinutes: 0, value: '0', text: '0 s' },
    { mttrMinutes: 0.7, value: '0.7', text: '42 s' },
    { mttrMinutes: 45.2, value: '45.2', text: '45.2 min' },
    { mttrMinutes: 145.33333333333334, value: '145.33333333333334', text: '2.4 h' },
    { mttrMinutes: 4320, value: '4320', text: '3 d' },
  ])('of $mttrMinutes minutes stand exactly behind what people read: $text', async ({ mttrMinutes, value, text }) => {
    const page = await pageOf(wholeView({ overall: { ...NO_FIGURES, mttrMinutes } }));

    expect(page).toContain(`<dt>MTTR</dt><dd><data value="${value}">${text}</data></dd>`);
  });

  it.each([
    { withinTarget: 1, text: '100 %' },
    { withinTarget: 0.9999, text: '99.9 %' },
    { withinTarget: 0.57, text: '57 %' },
    { withinTarget: 0, text: '0 %' },
  ])('a share of $withinTarget is $text', async ({ withinTarget, text }) => {
    const page = await pageOf(wholeView({ overall: { ...NO_FIGURES, withinTarget } }));

    expect(page).toContain(`<dd><data value="${withinTarget}">${text}</data></dd>`);
  });

  it('that are not there are no data, and never 0', async () => {
    const page = await pageOf(wholeView({ severities: [severity('P1', { resolved: 0, opened: 2 })] }));

    expect(rowsOf(section(page, 'recovery'))).toEqual([
      ['P1', 'no data', '30 min', 'no data', 'no data', 'no data', '0', '2', '0', 'no data', 'no data', 'no data'],
    ]);
  });

  it('that rest on too few are said to be left out', async () => {
    const page = await pageOf(wholeView({ minimumSample: 5 }));

    expect(page).toContain('by severity; means that rest on fewer than 5 incidents are left out</caption>');
  });
});

describe('a severity', () => {
  it('stands against its target and objective in words', async () => {
    const page = await pageOf(wholeView());

    const rows = rowsOf(section(page, 'recovery'));
    expect(rows[0]?.slice(0, 6)).toEqual([
      'P1 Critical',
      '45.2 min',
      '30 min',
      'above',
      '62.5 % of 90 %: ✗ missed',
      'elite',
    ]);
    expect(rows[1]?.slice(2, 5)).toEqual(['2 h', 'within', '100 % of 90 %: ✓ met']);
    expect(rows[0]?.at(-1)).toBe('2 h ▼ shorter now');
    expect(rows[2]?.slice(0, 4)).toEqual(['P5', 'no data', 'none', 'no target']);
  });
});

describe('an open incident', () => {
  it('is shown by id, age and what is left of its target, the link without a referrer', async () => {
    const page = await pageOf(wholeView());

    const open = section(page, 'open');
    expect(rowsOf(open).map((cells) => cells.slice(0, 6))).toEqual([
      ['Q1', '2 d 2 h', 'no target', 'P5', 'checkout', 'triggered'],
      ['Q2', '1 h 0 min', '✗ late by 30 min', 'P1', 'checkout', 'acknowledged'],
      ['eu-west-1/cpu@1', '10 min', '20 min left', 'P1', 'checkout', 'triggered'],
    ]);
    expect(open).toContain('<a href="https://example.com/incidents/Q2" rel="noreferrer">Q2</a>');
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '//example.com/x', '/x', '', 'http:', ' java\nscript:alert(1)'])(
    'has no link when its address is %j',
    async (url) => {
      const page = await pageOf(wholeView({ open: { oldest: [openIncident('Q1', { url })], total: 1 } }));

      expect(section(page, 'open')).not.toContain('href');
    },
  );

  it('that is one of too many is counted', async () => {
    const page = await pageOf(wholeView({ open: { oldest: [openIncident('Q1')], total: 13 } }));

    expect(plain(section(page, 'open'))).toMatch(/and 12 more$/);
  });
});

describe('services', () => {
  const view = wholeView({
    services: [
      service('beta', { mttrMinutes: 30, opened: 5 }),
      service('Alpha', { mttrMinutes: 90, opened: 5 }),
      service('gamma', { opened: 7 }),
    ],
  });

  it.each([
    { query: '', order: ['Alpha', 'beta', 'gamma'] },
    { query: '?sort=mttr', order: ['beta', 'Alpha', 'gamma'] },
    { query: '?sort=-opened', order: ['gamma', 'Alpha', 'beta'] },
    { query: '?sort=service', order: ['Alpha', 'beta', 'gamma'] },
    { query: '?sort=-service', order: ['gamma', 'beta', 'Alpha'] },
    { query: '?sort=nonsense', order: ['Alpha', 'beta', 'gamma'] },
    { query: '?filter=ALPH', order: ['Alpha'] },
    { query: '?filter=+a+&sort=service', order: ['Alpha', 'beta', 'gamma'] },
    { query: '?filter=nothing', order: [] },
    { query: '?filter=%E0%A4%A&sort=%', order: [] },
    { query: '?filter=%00al%0Dph', order: ['Alpha'] },
  ])('are $order for "$query"; what has no number comes last', async ({ query, order }) => {
    const page = await pageOf(view, query);

    expect(servicesShown(page)).toEqual(order);
    expect(plain(page)).toContain(`${order.length} of 3 services`);
  });

  it('tell by which column they are sorted, and a link turns the order round', async () => {
    const page = await pageOf(view, '?window=30d&sort=-opened&filter=a');

    expect(page).toContain(
      '<th scope="col" aria-sort="descending"><a href="?window=30d&amp;sort=opened&amp;filter=a#services">Opened</a>',
    );
    expect(page).toContain(
      '<th scope="col"><a href="?window=30d&amp;sort=-resolved&amp;filter=a#services">Resolved</a>',
    );
    expect(section(page, 'services').split('aria-sort')).toHaveLength(2);
  });

  it('forget an order that names no column', async () => {
    const page = await pageOf(view, '?sort=__proto__&filter=a');

    expect(page).not.toContain('__proto__');
    expect(page).toContain('aria-sort="descending"><a href="?sort=mttr&amp;filter=a#services">MTTR</a>');
  });

  it('keep the window and the order when a filter is sent', async () => {
    const page = await pageOf(view, '?window=30d&sort=-opened');

    expect(page).toContain(
      '<input type="hidden" name="window" value="30d"><input type="hidden" name="sort" value="-opened">',
    );
  });

  it('are all there when there are 500, in a page of less than half a megabyte', async () => {
    const many = Array.from({ length: 500 }, (_, at) => service(`service ${at}`, { mttrMinutes: at, openNow: at % 3 }));

    const page = await pageOf(wholeView({ services: many }));

    expect(servicesShown(page)).toHaveLength(500);
    expect(page.length).toBeLessThan(500_000);
  });
});

describe('the trend', () => {
  it('is a drawing per series that says what it shows, and the same numbers as a table', async () => {
    const page = await pageOf(wholeView());

    const trend = section(page, 'trend');
    const drawings = [...trend.matchAll(/<svg class="chart"[^>]*aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(drawings).toEqual([
      'MTTR of Everything: from 82.8 min on 2026-09-27 to 90.4 min on 2026-11-20',
      'MTTR of P1: from 101.7 min on 2026-09-27 to 117.9 min on 2026-11-20, target 30 min',
    ]);
    expect(rowsOf(trend)).toHaveLength(60);
    expect(rowsOf(trend).at(-1)).toEqual(['2026-09-22 09:00:00 UTC', 'no data n = 0', 'no data n = 0']);
    expect(trend).not.toContain('NaN');
  });

  it('leaves gaps where nothing was resolved', async () => {
    const at = (hours: number) => NOW_MS - hours * HOUR_MS;
    const points = [
      { atMs: at(4), mttrMinutes: 10, resolved: 1 },
      { atMs: at(3), mttrMinutes: 20, resolved: 2 },
      { atMs: at(2), mttrMinutes: undefined, resolved: 0 },
      { atMs: at(1), mttrMinutes: 5, resolved: 1 },
    ];

    const page = await pageOf(wholeView({ trend: [{ name: 'P1', targetMinutes: undefined, points }] }));

    const [, path = ''] = /<path class="line" d="([^"]*)"/.exec(page) ?? [];
    expect(path.match(/M/g)).toHaveLength(2);
    expect([...page.matchAll(/<circle/g)]).toHaveLength(3);
  });

  it('without any recovery says that there is no data', async () => {
    const points = [{ atMs: NOW_MS, mttrMinutes: undefined, resolved: 0 }];

    const page = await pageOf(wholeView({ trend: [{ name: 'P1', targetMinutes: 30, points }] }));

    expect(plain(section(page, 'trend'))).toContain('no data');
    expect(section(page, 'trend')).not.toContain('<svg');
  });

  it('of one point, and of recoveries that took no time, can be drawn', async () => {
    const points = [{ atMs: NOW_MS, mttrMinutes: 0, resolved: 3 }];

    const page = await pageOf(wholeView({ trend: [{ name: 'P1', targetMinutes: undefined, points }] }));

    expect(section(page, 'trend')).toContain('<circle');
    expect(section(page, 'trend')).not.toMatch(/NaN|Infinity/);
  });
});

describe('a provider', () => {
  it('is shown with its last success, allowance and backlog', async () => {
    const page = await pageOf(wholeView());

    const [up, down, syncing] = rowsOf(section(page, 'providers'));
    expect(up).toEqual([
      'pagerduty',
      'pagerduty',
      'up',
      'done',
      '2026-11-21 08:30:00 UTC',
      '30 min',
      '880 of 900 a minute',
      '1,240',
      '3',
      '1,234',
      '2',
      '5',
      '2026-01-02 00:00:00 UTC',
      'none',
    ]);
    expect(down?.[2]).toBe('down 403 Forbidden');
    expect(down?.at(-1)).toBe('urgent, whatever');
    expect(syncing?.slice(2, 6)).toEqual(['first sync', 'not done', 'never', 'everything']);
  });

  it('that is only imported needs no requests', async () => {
    const page = await pageOf(wholeView({ providers: [{ ...PROVIDER, allowance: undefined }] }));

    expect(rowsOf(section(page, 'providers'))[0]?.[6]).toBe('none needed');
  });

  it('that was not asked yet has no known allowance', async () => {
    const allowance = { left: undefined, requests: 2, perMs: MINUTE_MS / 60 };

    const page = await pageOf(wholeView({ providers: [{ ...PROVIDER, allowance }] }));

    expect(rowsOf(section(page, 'providers'))[0]?.[6]).toBe('not known of 2 a second');
  });
});
