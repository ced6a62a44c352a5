import { scaleLinear } from 'd3-scale';
import { type Html, html } from './html.ts';
import { type Column, table } from './table.ts';
import { count, minutes, NO_DATA, percent, share } from './values.ts';
import type { Figures, SeverityFigures, StatusView } from './view.ts';

/** Pixels of the bar that sets a mean against its target. */
const BAR_WIDTH = 120;
const NO_TARGET = html`<span class="none">no target</span>`;

/** The row of everything as a list of terms. */
export function renderOverall({ overall }: StatusView): Html {
  if (overall === undefined)
    return html`<p>There is no row of everything: no provider has synced yet, or groupings leaves it out.</p>`;
  const cards = [
    ['MTTR', minutes(overall.mttrMinutes)],
    ['Level', level(overall)],
    ['Resolved', count(overall.resolved)],
    ['Opened', count(overall.opened)],
    ['Median', minutes(overall.medianMinutes)],
    ['95 % within', minutes(overall.p95Minutes)],
    ['Within target', share(overall.withinTarget)],
    ['MTTR of the window before', before(overall)],
    ['Time with nothing open', share(overall.free)],
  ] as const;
  return html`<dl class="cards">
${cards.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

const COLUMNS: readonly Column<SeverityFigures>[] = [
  { title: 'Severity', cell: ({ name, title }) => (title === undefined ? name : `${name} ${title}`) },
  { title: 'MTTR', cell: ({ mttrMinutes }) => minutes(mttrMinutes) },
  { title: 'Target', cell: ({ targetMinutes }) => (targetMinutes === undefined ? 'none' : minutes(targetMinutes)) },
  { title: 'MTTR against target', cell: againstTarget },
  { title: 'Within target', cell: objective },
  { title: 'Level', cell: level },
  { title: 'Resolved', cell: ({ resolved }) => count(resolved) },
  { title: 'Opened', cell: ({ opened }) => count(opened) },
  { title: 'Open now', cell: ({ openNow }) => count(openNow) },
  { title: 'Median', cell: ({ medianMinutes }) => minutes(medianMinutes) },
  { title: '95 % within', cell: ({ p95Minutes }) => minutes(p95Minutes) },
  { title: 'MTTR of the window before', cell: before },
];

/** A row for each severity, in the order of the configuration. */
export function renderSeverities({ severities, window, minimumSample }: StatusView): Html {
  if (severities === undefined)
    return html`<p>There are no rows by severity: no provider has synced yet, or groupings leaves them out.</p>`;
  const tooFew = minimumSample > 1 ? `; means that rest on fewer than ${minimumSample} incidents are left out` : '';
  return table(`Incidents resolved in the last ${window}, by severity${tooFew}`, COLUMNS, severities);
}

/** Longer or shorter than before, in words as well as by an arrow. */
export function before({ mttrMinutes, baselineMinutes }: Figures): Html {
  if (mttrMinutes === undefined || baselineMinutes === undefined) return minutes(baselineMinutes);
  if (mttrMinutes === baselineMinutes) return html`${minutes(baselineMinutes)} <small>same</small>`;
  const isLonger = mttrMinutes > baselineMinutes;
  const word = isLonger
    ? html`<span aria-hidden="true">▲</span> longer now`
    : html`<span aria-hidden="true">▼</span> shorter now`;
  return html`${minutes(baselineMinutes)} <small>${word}</small>`;
}

function level({ level: name }: Figures): Html {
  return name === undefined ? NO_DATA : html`<span class="level ${name}">${name}</span>`;
}

/** A bar up to the mean with a mark at the target, and the same in words. */
function againstTarget({ mttrMinutes, targetMinutes }: SeverityFigures): Html {
  if (targetMinutes === undefined) return NO_TARGET;
  if (mttrMinutes === undefined) return NO_DATA;
  const isOver = mttrMinutes > targetMinutes;
  const place = scaleLinear([0, Math.max(mttrMinutes, targetMinutes * 1.25)], [0, BAR_WIDTH]);
  const target = place(targetMinutes).toFixed(1);
  return html`<svg class="bar" width="${BAR_WIDTH}" height="12" viewBox="0 0 ${BAR_WIDTH} 12" aria-hidden="true"><rect class="${isOver ? 'over' : 'under'}" y="2" width="${place(mttrMinutes).toFixed(1)}" height="8"/><path class="mark" d="M${target} 0V12"/></svg> <small>${isOver ? 'above' : 'within'}</small>`;
}

function objective({ withinTarget, objective: wanted, targetMinutes }: SeverityFigures): Html {
  if (targetMinutes === undefined) return NO_TARGET;
  if (withinTarget === undefined || wanted === undefined) return share(withinTarget);
  const verdict =
    withinTarget >= wanted
      ? html`<span class="good"><span aria-hidden="true">✓</span> met</span>`
      : html`<span class="bad"><span aria-hidden="true">✗</span> missed</span>`;
  return html`${share(withinTarget)} <small>of ${percent(wanted)}: ${verdict}</small>`;
}
