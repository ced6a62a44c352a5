import { InputError } from '../../model/input-error.ts';
import { known } from '../filter.ts';
import type { FacetViews } from './facets.ts';
import type { ExplainInput } from './question.ts';
import type { ProviderSpan } from './spans.ts';

/** Throws an InputError for a period of which nothing can be known. */
export function refusePeriodBeforeHistory(spans: readonly ProviderSpan[]): void {
  if (spans.length === 0 || spans.some(({ toMs, knownFromMs }) => toMs > knownFromMs)) return;
  const starts = spans.map(({ provider, knownFromMs }) => `${provider.name}: ${new Date(knownFromMs).toISOString()}`);
  throw new InputError(undefined, `the period ends before history begins (${starts.join(', ')})`);
}

/** Throws an InputError for a service, team or provider that nothing is called; after the incidents were gone over. */
export function refuseUnknownNames(
  { question: { labels }, providers }: Pick<ExplainInput, 'question' | 'providers'>,
  { names }: FacetViews,
  spans: readonly ProviderSpan[],
): void {
  if (labels.provider !== undefined) {
    known(
      'provider',
      labels.provider,
      providers.map(({ name }) => name),
    );
  }
  // While nothing has been read nobody knows which services there are.
  if (spans.length === 0) return;
  if (labels.service !== undefined) known('service', labels.service, [...names.service].sort());
  if (labels.team !== undefined) known('team', labels.team, [...names.team].sort());
}
