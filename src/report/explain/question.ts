import type { LabelMapper } from '../../config/label-mapper.ts';
import type { Grouping } from '../../config/types.ts';
import { InputError } from '../../model/input-error.ts';
import type { FacetLabels } from '../../model/stored.ts';
import type { Statistic, StatisticsSettings } from '../../stats/rows.ts';
import type { History } from '../../store/history.ts';
import type { End, ReportedProvider } from '../timeline.ts';

export const LABELS = ['service', 'severity', 'team', 'provider'] as const;
export type Label = (typeof LABELS)[number];
export type WantedLabels = Readonly<Partial<Record<Label, string>>>;

/** One number that is to be explained. */
export interface Question {
  readonly statistic: Statistic;
  readonly labels: WantedLabels;
  /** The grouping of the row; absent: the one of the labels. */
  readonly by?: Grouping | undefined;
  readonly window: { readonly name: string; readonly ms: number };
  readonly end: End;
  /** Incidents that are listed with their stamps; all without it. */
  readonly limit?: number | undefined;
}

export interface ExplainInput {
  readonly question: Question;
  readonly history: History;
  /** As configured; its windows and groupings only say what `/metrics` shows. */
  readonly settings: StatisticsSettings;
  /** How long closed incidents are kept. */
  readonly retentionMs: number;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => LabelMapper | undefined;
}

/** The row that a question is about: its grouping, and the labels that narrow it further. */
export interface Group {
  readonly grouping: Grouping;
  /** In the order of the grouping. */
  readonly values: readonly string[];
  readonly isNarrowed: boolean;
}

/** The most telling first: a provider outside the overall rows has its own only. */
const CHOICE: readonly Grouping[] = ['provider', 'service,severity', 'service', 'team', 'severity', 'all'];

/** The row of a grouping, or of the one that fits the labels best. Throws an InputError when it lacks a label. */
export function groupOf({ labels, by }: Pick<Question, 'labels' | 'by'>): Group {
  const grouping = by ?? CHOICE.find((one) => labelsOf(one).every((label) => labels[label] !== undefined)) ?? 'all';
  const names = labelsOf(grouping);
  const values = names.map((name) => {
    const value = labels[name];
    if (value === undefined) throw new InputError('series', `by="${grouping}" needs a ${name}; none is given`);
    return value;
  });
  const given = LABELS.filter((label) => labels[label] !== undefined);
  return { grouping, values, isNarrowed: given.length > names.length };
}

/** The labels that a row of this grouping carries. */
export function labelsOf(grouping: Grouping): readonly Label[] {
  return LABELS.filter((label) => grouping.split(',').includes(label));
}

/** Whether an incident of these labels is asked for. */
export function isWanted(labels: WantedLabels, found: FacetLabels): boolean {
  return LABELS.every((label) => labels[label] === undefined || labels[label] === found[label]);
}
