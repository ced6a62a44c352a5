import { describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/server/status-page/view.ts';
import {
  HOUR_MS,
  MINUTE_MS,
  NO_STATS,
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

describe('the status page', () => {
  it('says which version runs, since when, and as of when', async () => {
    const page = await pageOf(viewWith({ uptimeMs: 93_784_000 }));

    expect(plain(page)).toContain('As of 21 Nov 09:00 UTC');
    expect(page).toContain('<time datetime="2026-11-21T09:00:00.000Z" title="2026-11-21 09:00:00 UTC">');
    expect(plain(page)).toContain('Version 1.2.3, up for 1 d 2 h.');
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

    expect(page).toContain('<a href="?window=7d&amp;sort=opened#main" aria-current="true">7d</a>');
    expect(page).toContain('<a href="?window=90d&amp;sort=opened#main">90d</a>');
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
        issues: [{ kind: 'problem', text }],
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

    expect(plain(page)).toContain('No data yet: no provider has synced, or groupings does not include all .');
    expect(plain(page)).toContain('No data yet: no provider has synced, or groupings does not include severity .');
    expect(plain(page)).toContain('No data yet: no provider has synced, or groupings does not include service .');
    expect(plain(page)).toContain('No trend yet');
    expect(plain(section(page, 'open'))).toBe('Open incidents No incident is open.');
    expect(plain(page)).toContain('✓ No issues');
    expect(page).not.toContain('id="issues"');
    expect(plain(section(page, 'providers'))).toBe('Providers No provider is configured.');
  });
});

describe('issues', () => {
  it('are listed with problems before notices, each by its word', async () => {
    const page = await pageOf(wholeView());

    const items = [...section(page, 'issues').matchAll(/<li.*?<\/li>/gs)].map(([item]) => plain(item));
    expect(items).toEqual(['Problem: aws is down: 403 Forbidden', 'Notice: opsgenie: the first sync is not complete.']);
  });
});

describe('the header', () => {
  const problem = { kind: 'problem', text: 'aws is down' } as const;
  const notice = { kind: 'notice', text: 'opsgenie: first sync incomplete' } as const;

  it.each([
    { issues: [], health: '✓ No issues', title: 'mttr-exporter' },
    { issues: [notice], health: '! 1 notice', title: 'mttr-exporter' },
    { issues: [notice, problem, problem], health: '✗ 2 problems, 1 notice', title: '(2) mttr-exporter' },
  ])('says "$health" in one line, and the number of problems in the title', async ({ issues, health, title }) => {
    const page = await pageOf(viewWith({ issues }));

    const [, line = ''] = /<p class="health">(.*?)<\/p>/.exec(page) ?? [];
    expect(plain(line)).toBe(health);
    expect(line.includes('href="#issues"')).toBe(issues.length > 0);
    expect(page).toContain(`<title>${title}</title>`);
  });
});

describe('times', () => {
  it.each([
    { atMs: Date.UTC(2026, 10, 21, 8, 5), text: '21 Nov 08:05' },
    { atMs: Date.UTC(2026, 0, 2), text: '2 Jan 00:00' },
    { atMs: Date.UTC(2025, 8, 30, 23, 59), text: '30 Sep 2025' },
  ])('are short, with the whole time behind them: $text', async ({ atMs, text }) => {
    const page = await pageOf(wholeView({ open: { oldest: [openIncident('Q1', { triggeredAtMs: atMs })], total: 1 } }));

    expect(rowsOf(section(page, 'open'))[0]?.at(-1)).toBe(text);
    expect(section(page, 'open')).toContain(`<time datetime="${new Date(atMs).toISOString()}"`);
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
    const page = await pageOf(wholeView({ overall: { ...NO_STATS, mttrMinutes } }));

    expect(page).toContain(`<dt>MTTR</dt><dd><data value="${value}">${text}</data></dd>`);
  });

  it.each([
    { withinTarget: 1, text: '100 %' },
    { withinTarget: 0.9999, text: '99.9 %' },
    { withinTarget: 0.57, text: '57 %' },
    { withinTarget: 0, text: '0 %' },
  ])('a share of $withinTarget is $text', async ({ withinTarget, text }) => {
    const page = await pageOf(wholeView({ overall: { ...NO_STATS, withinTarget } }));

    expect(page).toContain(`<dd><data value="${withinTarget}">${text}</data></dd>`);
  });

  it('that are absent are no data, and never 0', async () => {
    const page = await pageOf(wholeView({ severities: [severity('P1', { resolved: 0, opened: 2 })] }));

    expect(rowsOf(section(page, 'severities'))).toEqual([
      ['P1', 'no data', '30 min', 'no data', 'no data', 'no data', '0', '2', '0', 'no data', 'no data', 'no data'],
    ]);
  });

  it('that rest on too few incidents are omitted, and the page says so', async () => {
    const page = await pageOf(wholeView({ minimumSample: 5 }));

    expect(page).toContain('means of fewer than 5 incidents are omitted');
  });
});

describe('a severity', () => {
  it('of availability stand beside the others where they are configured, with the objective and what is left', async () => {
    const cards = async (availability: number | undefined, errorBudgetMinutes: number | undefined) =>
      section(
        await pageOf(
          wholeView({ overall: { ...NO_STATS, availability, errorBudgetMinutes }, availabilityObjective: 0.9995 }),
        ),
        'recovery',
      );

    const [met, missed, unknown] = [
      await cards(0.99987, 12.5),
      await cards(0.9994999, -90),
      await cards(undefined, undefined),
    ];
    const none = section(await pageOf(wholeView()), 'recovery');

    expect(met).toContain('<data value="0.99987">99.987 %</data>');
    expect(met).toContain('objective 99.95 %: <span class="good">');
    expect(met).toContain('<data value="12.5">12.5 min</data></dd><dd class="note">left</dd>');
    expect(missed).toContain('<data value="0.9994999">99.949 %</data>');
    expect(missed).toContain('✗</span> missed</span>');
    expect(missed).toContain('<data value="-90">90 min</data>');
    expect(missed).toContain('overspent');
    expect(unknown).toContain('<dt>Error budget</dt><dd><span class="none">no data</span></dd>');
    expect(none).not.toContain('Availability');
  });

  it('stands against its target and objective in words', async () => {
    const page = await pageOf(wholeView());

    const rows = rowsOf(section(page, 'severities'));
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
      ['Q2', '1 h 0 min', '✗ 30 min over', 'P1', 'checkout', 'acknowledged'],
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

  it('with a long id shows both ends of it, the whole id on hover and in its link', async () => {
    const id = 'eu-west-1/checkout-5xx-rate-above-threshold@1763712345678';
    const incident = openIncident(id);

    const page = await pageOf(wholeView({ open: { oldest: [incident], total: 1 } }));

    expect(section(page, 'open')).toContain(
      `<a href="${incident.url}" rel="noreferrer" title="${id}">eu-west-1/checkout-…@1763712345678</a>`,
    );
  });

  it('that is one of too many is counted', async () => {
    const page = await pageOf(wholeView({ open: { oldest: [openIncident('Q1')], total: 13 } }));

    expect(plain(section(page, 'open'))).toMatch(/Showing the oldest 1 of 13\.$/);
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

  it('say by which column they are sorted, and its link reverses the order', async () => {
    const page = await pageOf(view, '?window=30d&sort=-opened&filter=a');

    expect(page).toContain(
      '<th scope="col" class="number" aria-sort="descending"><a href="?window=30d&amp;sort=opened&amp;filter=a#services">Opened</a>',
    );
    expect(page).toContain(
      '<th scope="col" class="number"><a href="?window=30d&amp;sort=-resolved&amp;filter=a#services">Resolved</a>',
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

  it('stand with their whole names in the page, long ones also on hover', async () => {
    const name = 'payments-reconciliation-'.repeat(5);

    const page = await pageOf(wholeView({ services: [service(name), service('mail')] }));

    expect(page).toContain(`<th scope="row"><span class="clip" title="${name}">${name}</span></th>`);
    expect(page).toContain('<th scope="row">mail</th>');
  });

  it('are all there when there are 500, in a page of less than half a megabyte', async () => {
    const many = Array.from({ length: 500 }, (_, at) => service(`service ${at}`, { mttrMinutes: at, openNow: at % 3 }));

    const page = await pageOf(wholeView({ services: many }));

    expect(servicesShown(page)).toHaveLength(500);
    expect(page.length).toBeLessThan(500_000);
  });
});

describe('deliveries', () => {
  it('show the four keys, everything first, and nothing that is not known', async () => {
    const unknown = { leadTimeMinutes: undefined, recoveryMinutes: undefined, level: undefined };
    const all = { name: 'all', deployments: 12, perDay: 0.4, changeFailure: 0.25, rework: 0.5 };
    const known = { leadTimeMinutes: 90, recoveryMinutes: 3000, level: 'medium' };

    const page = await pageOf(
      viewWith({
        delivery: [
          { ...all, ...known },
          { ...all, ...unknown, name: 'search' },
        ],
      }),
    );

    expect(rowsOf(section(page, 'delivery'))).toEqual([
      ['all', '12', '0.40', '90 min', '25 %', '2.1 d', '50 %', 'medium'],
      ['search', '12', '0.40', 'no data', '25 %', 'no data', '50 %', 'no data'],
    ]);
  });

  it('have no section where no deployments are read', async () => {
    expect(await pageOf(viewWith({}))).not.toContain('id="delivery"');
  });
});

describe('the trend', () => {
  it('is a drawing per series that says what it shows, and the same numbers as a table', async () => {
    const page = await pageOf(wholeView());

    const trend = section(page, 'trend');
    const drawings = [...trend.matchAll(/<svg class="chart"[^>]*aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(drawings).toEqual([
      'MTTR of All incidents: from 82.8 min on 2026-09-27 to 90.4 min on 2026-11-20',
      'MTTR of P1: from 101.7 min on 2026-09-27 to 117.9 min on 2026-11-20, target 30 min',
    ]);
    expect(rowsOf(trend)).toHaveLength(60);
    expect(rowsOf(trend).at(-1)).toEqual(['22 Sep 09:00', 'no data n = 0', 'no data n = 0']);
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

    expect(plain(section(page, 'trend'))).toContain('No data: nothing was resolved');
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
  it('links to the transcript of its last poll, whatever its name', async () => {
    const page = await pageOf(wholeView({ providers: [{ ...PROVIDER, name: 'pd / "eu"' }] }));

    expect(section(page, 'providers')).toContain(
      '<a href="api/v1/providers/pd%20%2F%20%22eu%22/last-poll">last poll</a>',
    );
  });

  it('is shown with its last success, allowance and backlog', async () => {
    const page = await pageOf(wholeView());

    const [up, down, syncing] = rowsOf(section(page, 'providers'));
    expect(up).toEqual([
      'pagerduty pagerduty',
      '✓ up first sync done last poll',
      '21 Nov 08:30 30 min ago',
      '880 of 900 a minute',
      '1,240',
      '3',
      '1,234',
      '5 2 to fetch again',
      '2 Jan 00:00',
      'none',
    ]);
    expect(down?.[1]).toBe('✗ down first sync done 403 Forbidden last poll');
    expect(down?.at(-1)).toBe('urgent, whatever');
    expect(syncing?.slice(1, 3)).toEqual(['… first sync first sync not done last poll', 'never']);
  });

  it('that is only imported needs no requests', async () => {
    const page = await pageOf(wholeView({ providers: [{ ...PROVIDER, allowance: undefined }] }));

    expect(rowsOf(section(page, 'providers'))[0]?.[3]).toBe('none needed');
  });

  it('that was not asked yet has no known allowance', async () => {
    const allowance = { left: undefined, requests: 2, perMs: MINUTE_MS / 60 };

    const page = await pageOf(wholeView({ providers: [{ ...PROVIDER, allowance }] }));

    expect(rowsOf(section(page, 'providers'))[0]?.[3]).toBe('unknown of 2 a second');
  });
});
