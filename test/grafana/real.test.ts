import { describe, expect, it } from 'vitest';
import { tool } from '../deploy/tools.ts';
import { startExporter } from '../e2e/process.ts';
import { committedDashboards, queryOf, shownPanels, type Target } from './files.ts';
import { type Choice, EVERYTHING, fill } from './fill.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

const prometheus = tool('prometheus');

/** In 45 s at the latest an incident ends on each platform of the demo; whoever waits longer waits for what will not come. */
const PATIENCE_MS = 100_000;
const PAUSE_MS = 500;

/** What Grafana would fill in: a scrape interval of 15 s, and a quarter of an hour on the screen. */
const SPANS = { $__rate_interval: '1m', $__range: '15m' } as const;

interface Question {
  readonly where: string;
  readonly expression: string;
  readonly over: 'now' | 'range';
}

/** What deployments come from in the demo. */
const DEPLOYING = 'github';

/** The one service that is looked at is on PagerDuty, and deployments are only where they come from. */
function isShown(title: string, provider: string | undefined): boolean {
  if (provider === undefined) return true;
  if (title === 'Delivery (DORA)') return provider === DEPLOYING;
  return provider !== DEPLOYING && (title !== 'Service detail' || provider === 'pagerduty');
}

/** Of all expressions of all panels that have the chosen variables. */
function questionsOf(choice: Choice): Question[] {
  const shown = committedDashboards().filter(([title]) => isShown(title, choice['provider']));
  return shown.flatMap(([title, dashboard]) => {
    const own = title === 'Service detail' ? { service: 'checkout' } : {};
    const chosen = { ...EVERYTHING, ...own, ...choice };
    const ask = (panel: string, { expr, instant }: Target): Question => ({
      where: `${title}: ${panel} with ${JSON.stringify(choice)}`,
      expression: fill(expr, chosen, SPANS),
      over: instant === true ? 'now' : 'range',
    });
    return shownPanels(dashboard).flatMap(({ title: panel, targets = [] }) =>
      targets.map((target) => ask(panel, target)),
    );
  });
}

/** Asks what has had no answer yet again and again; what is left at the end never had one. */
async function unanswered(server: Prometheus, questions: readonly Question[]): Promise<Question[]> {
  const latestMs = Date.now() + PATIENCE_MS;
  let open = [...questions];
  while (open.length > 0 && Date.now() < latestMs) {
    const empty: Question[] = [];
    for (const question of open) {
      if ((await server.series(question.expression, question.over)) === 0) empty.push(question);
    }
    open = empty;
    if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return open;
}

/** Opsgenie reports neither, and the panel says that not all providers do. */
const UNREPORTED = /incident_(?:escalations|reopened)_total\{provider=~"opsgenie"/;

/** What is rightly empty: alerts where none fires, availability of severities that it is not promised for, and a level of two severities. */
function isRightlyEmpty({ where, expression }: Question): boolean {
  if (where.includes(': Which alerts fire')) return true;
  if (where.includes('with {"severity"') && /incident_(?:availability|error_budget)_/.test(expression)) return true;
  return where.startsWith('Recovery overview: Level with {"severity"') || UNREPORTED.test(expression);
}

const CHOICES: readonly Choice[] = [
  {},
  { window: '7d' },
  { window: '90d' },
  { provider: 'pagerduty' },
  { provider: 'opsgenie' },
  { provider: DEPLOYING },
  { severity: 'P2|P3' },
];

describe.skipIf(prometheus.isSkipped)(`on the demo, asked by a real Prometheus${prometheus.says}`, () => {
  it('no panel is without data, whatever is chosen', { timeout: 150_000 }, async () => {
    const exporter = await startExporter({ words: ['demo'] });
    const server = await startPrometheus(prometheus.name, new URL(exporter.url).host);
    const questions = CHOICES.flatMap(questionsOf).filter((question) => !isRightlyEmpty(question));

    const left = await unanswered(server, questions);

    expect(left).toEqual([]);
    for (const expression of annotationExpressions()) await server.series(expression, 'range');
    for (const { query, label, series } of listedValues()) {
      expect(await server.values(label, series), query).not.toEqual([]);
    }
    const heatmap = questions.find(({ where }) => where.startsWith('Recovery overview: Recovery times'));
    expect(await server.exemplars(heatmap?.expression ?? '')).toBeGreaterThan(0);
  });
});

/** What variables list, but for teams, which the demo does not show. */
function listedValues(): { query: string; series: string; label: string }[] {
  const queries = committedDashboards().flatMap(([, { templating }]) => templating.list.map(queryOf));
  return [...new Set(queries)].flatMap((query) => {
    const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
    return series === undefined || label === undefined ? [] : [{ query, series, label }];
  });
}

/** What annotations ask; Prometheus may know nothing of it, but must understand it. */
function annotationExpressions(): string[] {
  const expressions = committedDashboards().flatMap(([, { annotations }]) =>
    (annotations.list ?? []).map(({ expr }) => fill(expr, EVERYTHING, SPANS)),
  );
  return [...new Set(expressions)];
}
