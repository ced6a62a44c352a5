import type { FacetViews } from './facets.ts';
import { type ExplainInput, LABELS, QuestionError, unknownName } from './question.ts';
import type { ProviderSpan } from './spans.ts';

/** Throws QuestionError for a period of which nothing can be known. */
export function refusePeriodBeforeHistory(spans: readonly ProviderSpan[]): void {
  if (spans.length === 0 || spans.some(({ toMs, historyStartMs }) => toMs > historyStartMs)) return;
  const starts = spans.map(
    ({ provider, historyStartMs }) => `${provider.name}: ${new Date(historyStartMs).toISOString()}`,
  );
  throw new QuestionError(`the period ends before history begins (${starts.join(', ')})`);
}

/** Throws QuestionError for a service, severity, team or provider that nothing is called; after the incidents were gone over. */
export function refuseUnknownNames(
  { question, providers, settings }: Pick<ExplainInput, 'question' | 'providers' | 'settings'>,
  { names }: FacetViews,
  spans: readonly ProviderSpan[],
): void {
  for (const label of LABELS) {
    const wanted = question.labels[label];
    if (wanted === undefined || names[label].has(wanted)) continue;
    const configured = { provider: providers, severity: settings.severities, service: [], team: [] }[label];
    const known = [...names[label], ...configured.map(({ name }) => name)];
    // While nothing has been read nobody knows which services there are.
    if (known.includes(wanted) || (configured.length === 0 && spans.length === 0)) continue;
    throw unknownName(label, wanted, known);
  }
}
