import type { Answered } from './answers.ts';
import { bars } from './bars.ts';
import { heatmap, timeline, trend } from './charts.ts';
import type { Dashboard, Panel } from './dashboard.ts';
import { numbers } from './numbers.ts';
import { table } from './table.ts';
import { escaped, type Size } from './text.ts';

/** How wide a page is, in pixels. */
export const PAGE_WIDTH = 1600;

const MARGIN = 16;
const COLUMNS = 24;
/** A row of Grafana's grid and the gap behind it. */
const ROW = 30;
const GAP = 8;
const HEADING = 30;
const PADDING = 10;

/** The kinds of panels that can be drawn; a panel of another kind is an error. */
const KINDS: Readonly<Record<string, (answered: Answered, size: Size) => string>> = {
  stat: numbers,
  bargauge: bars,
  timeseries: trend,
  'state-timeline': timeline,
  heatmap,
  table,
};

const STYLE = `
* { box-sizing: border-box; margin: 0; }
body { width: ${PAGE_WIDTH}px; padding: ${MARGIN}px; background: #111217; color: #ccccdc; font: 13px Inter, "DejaVu Sans", Arial, sans-serif; }
header { display: flex; align-items: baseline; gap: 14px; padding-bottom: 12px; }
h1 { font-size: 20px; font-weight: 500; }
header small { color: rgba(204, 204, 220, 0.65); font-size: 13px; }
ul { display: flex; gap: 8px; list-style: none; padding: 0 0 12px; }
li { border: 1px solid rgba(204, 204, 220, 0.2); border-radius: 2px; }
li span { display: inline-block; padding: 5px 8px; }
li span:first-child { background: #22252b; }
main { display: grid; grid-template-columns: repeat(${COLUMNS}, 1fr); grid-auto-rows: ${ROW}px; gap: ${GAP}px; }
main > h2 { font-size: 15px; font-weight: 500; align-self: center; }
section { background: #181b1f; border: 1px solid rgba(204, 204, 220, 0.12); border-radius: 2px; overflow: hidden; }
section h3 { height: ${HEADING}px; padding: 8px ${PADDING}px 0; font-size: 13px; font-weight: 500; white-space: nowrap; }
section > div { padding: 0 ${PADDING}px ${PADDING}px; }
.tile { flex: 1; display: flex; flex-direction: column; justify-content: center; align-items: center; border-radius: 2px; color: #111217; white-space: nowrap; }
.tile b { font-weight: 500; line-height: 1.1; }
.tile.flat { flex-direction: row; justify-content: space-between; padding: 0 12px; }
.bars { display: flex; flex-direction: column; justify-content: space-around; height: 100%; }
.bar { display: grid; grid-template-columns: 150px 1fr 128px; gap: 10px; align-items: center; white-space: nowrap; }
.bar span { text-align: right; overflow: hidden; text-overflow: ellipsis; }
.bar u { height: 100%; background: #22252b; display: block; }
.bar i { height: 100%; display: block; opacity: 0.85; }
.bar b { font-size: 15px; font-weight: 500; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th { text-align: left; color: #6e9fff; font-weight: 500; padding: 6px 8px; border-bottom: 1px solid rgba(204, 204, 220, 0.2); }
td { padding: 5px 8px; border-bottom: 1px solid rgba(204, 204, 220, 0.12); white-space: nowrap; }
td.judged { color: #111217; border-left: 2px solid #181b1f; }
td.link { color: #6e9fff; }
.none { display: flex; height: 100%; align-items: center; justify-content: center; color: rgba(204, 204, 220, 0.65); }
`;

/** What a panel has for its drawing: its places in the grid without heading and margins. */
function sizeOf({ gridPos: { w, h } }: Panel): Size {
  const column = (PAGE_WIDTH - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    width: Math.floor(w * column + (w - 1) * GAP - 2 * PADDING - 2),
    height: h * ROW + (h - 1) * GAP - HEADING - PADDING - 2,
  };
}

function box(answered: Answered, place: string): string {
  const { panel, series } = answered;
  const draw = KINDS[panel.type];
  if (draw === undefined) throw new Error(`${panel.title}: no way is known to draw a panel of the kind ${panel.type}`);
  const size = sizeOf(panel);
  const inner =
    series.length === 0 ? `<p class="none">${escaped(panel.fieldConfig.defaults.noValue)}</p>` : draw(answered, size);
  return `<section style="${place}"><h3>${escaped(panel.title)}</h3><div style="height:${size.height + PADDING}px">${inner}</div></section>`;
}

export interface PageContent {
  readonly dashboard: Dashboard;
  /** Every panel but the headings. */
  readonly answers: readonly Answered[];
  /** What stands for the variables, in words. */
  readonly choices: readonly { readonly label: string; readonly value: string }[];
  /** What is on the screen, in words. */
  readonly says: string;
}

/** The dashboard as a page of HTML that asks for nothing: panels where their grid has them. */
export function page({ dashboard, answers, choices, says }: PageContent): string {
  const known = new Map(answers.map((answered) => [answered.panel.id, answered]));
  const panels = dashboard.panels.map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    const place = `grid-column:${x + 1}/span ${w};grid-row:${y + 1}/span ${h}`;
    if (panel.type === 'row') return `<h2 style="${place}">⌄ ${escaped(panel.title)}</h2>`;
    const answered = known.get(panel.id);
    if (answered === undefined) throw new Error(`${panel.title}: nobody asked for it`);
    return box(answered, place);
  });
  const list = choices.map(
    ({ label, value }) => `<li><span>${escaped(label)}</span><span>${escaped(value)}</span></li>`,
  );
  const title = `<header><h1>${escaped(dashboard.title)}</h1><small>${escaped(says)}</small></header>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(dashboard.title)}</title><style>${STYLE}</style>
<body>${title}<ul>${list.join('')}</ul><main>${panels.join('\n')}</main></body></html>`;
}
