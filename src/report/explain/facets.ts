import type { LabelMapper } from '../../config/label-mapper.ts';
import type { FacetLabels } from '../../model/stored.ts';
import type { History } from '../../store/history.ts';
import { findFilterExclusion, findUnfilteredLabels } from '../exclusion.ts';
import type { Reason } from './explanation.ts';
import { isWanted, LABELS, type Label, type WantedLabels } from './question.ts';
import type { ProviderSpan } from './spans.ts';

/** What all incidents of a facet share, as far as the question goes. */
export interface FacetView {
  readonly labels: FacetLabels;
  readonly reader: LabelMapper;
  readonly span: ProviderSpan;
  /** Why none of them is in the number; absent when that is up to the incident. */
  readonly reason: Reason | undefined;
  readonly targetMs: number | undefined;
}

export interface FacetsInput {
  readonly history: History;
  readonly reader: (provider: string) => LabelMapper | undefined;
  readonly spans: readonly ProviderSpan[];
  readonly wanted: WantedLabels;
  /** The row is one of those by provider, where every provider counts. */
  readonly isByProvider: boolean;
  readonly targetMs: (severity: string) => number | undefined;
}

/** What incidents are called, and which are asked for; each facet is looked at once. */
export class FacetViews {
  readonly #input: FacetsInput;
  readonly #views = new Map<number, FacetView | null>();
  /** Names that incidents have, asked for or not. */
  readonly names: Readonly<Record<Label, Set<string>>> = {
    service: new Set(),
    severity: new Set(),
    team: new Set(),
    provider: new Set(),
  };

  constructor(input: FacetsInput) {
    this.#input = input;
  }

  /** Undefined for facets that are not asked for, or not read yet. */
  get(facet: number): FacetView | undefined {
    const known = this.#views.get(facet);
    if (known !== undefined) return known ?? undefined;
    const view = this.#read(facet);
    this.#views.set(facet, view ?? null);
    return view;
  }

  #read(facet: number): FacetView | undefined {
    const { history, reader: readerOf, spans, wanted, isByProvider, targetMs } = this.#input;
    const shown = history.labels(facet);
    const reader = shown === undefined ? undefined : readerOf(shown.provider);
    const span = spans.find(({ provider }) => provider.name === shown?.provider);
    if (shown === undefined || reader === undefined || span === undefined) return undefined;
    const labels = findUnfilteredLabels(facet, { history, reader }) ?? shown;
    for (const label of LABELS) this.names[label].add(labels[label]);
    if (!isWanted(wanted, labels)) return undefined;
    const isOutside = !isByProvider && !span.provider.isOverall;
    const reason = isOutside ? 'not_overall' : findFilterExclusion(labels, reader);
    return { labels, reader, span, reason, targetMs: targetMs(labels.severity) };
  }
}
