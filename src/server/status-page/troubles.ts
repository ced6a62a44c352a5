import { type Html, html } from './html.ts';
import type { Trouble } from './view.ts';

const KINDS = { problem: 'Problem', notice: 'Notice' } as const;

/** What is wrong right now, problems first; says so when nothing is. */
export function renderTroubles(troubles: readonly Trouble[]): Html {
  if (troubles.length === 0) return html`<p class="good"><span aria-hidden="true">✓</span> Nothing.</p>`;
  const inOrder = [...troubles.filter(isProblem), ...troubles.filter((one) => !isProblem(one))];
  const items = inOrder.map(
    ({ kind, text }) => html`<li class="${kind}"><strong>${KINDS[kind]}:</strong> ${text}</li>\n`,
  );
  return html`<ul class="troubles">
${items}</ul>`;
}

function isProblem({ kind }: Trouble): boolean {
  return kind === 'problem';
}
