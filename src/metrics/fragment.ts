import { type Sample, sampleText } from './exposition.ts';

/** The text of one thing in one family. */
export interface Fragment {
  readonly version: number;
  readonly text: string;
  /** As OpenMetrics; the same string where the formats agree. */
  readonly openmetrics: string;
}

/** Joined, not added up: a string that was added up stays a tree of its parts in memory. */
export function renderFragment(name: string, version: number, samples: readonly Sample[]): Fragment {
  const text = samples.map((sample) => sampleText(name, sample, 'text')).join('');
  if (samples.every(({ suffix }) => suffix === undefined)) return { version, text, openmetrics: text };
  const openmetrics = samples.map((sample) => sampleText(name, sample, 'openmetrics')).join('');
  return { version, text, openmetrics };
}
