import { formatIsoTime } from '../../model/format.ts';
import type { DoraValues } from '../../stats/dora/rows.ts';
import type { Bounds } from '../period.ts';
import { formatCsvLine } from '../render/csv.ts';
import { formatBounds } from '../render/format.ts';
import { escapeMarkdown, renderMarkdownSection } from '../render/markdown.ts';
import { RULE, renderTextSection } from '../render/text.ts';
import type { Delivery, DeliveryGroup } from './delivery.ts';
import { toDoraFields, toLevelFields } from './fields.ts';
import { toDeliveryGroups } from './render-groups.ts';
import { toDeliverySections } from './sections.ts';

/** Rises when a key is renamed or removed. */
const FORMAT = 1;

/** For a terminal. */
export function renderDeliveryText(delivery: Delivery): string {
  const sections = toDeliverySections(delivery).map(renderTextSection);
  const period = `Period: ${formatBounds(delivery.bounds, delivery.timezone)}`;
  return `${[`SOFTWARE DELIVERY (DORA) REPORT\n${RULE}`, period, ...sections].join('\n\n')}\n`;
}

/** A page for a wiki. */
export function renderDeliveryMarkdown(delivery: Delivery): string {
  const { bounds, timezone } = delivery;
  const sections = toDeliverySections(delivery).map(renderMarkdownSection);
  const period = `Period: ${formatBounds(bounds, timezone)} (${escapeMarkdown(timezone)})`;
  return `${['# Software Delivery (DORA) Report', period, ...sections].join('\n\n')}\n`;
}

/** For programs: every number unrounded, null where nothing is known. */
export function renderDeliveryJson(delivery: Delivery): string {
  return `${JSON.stringify(toDeliveryDocument(delivery), undefined, 2)}\n`;
}

/** The document that `renderDeliveryJson` writes. */
export function toDeliveryDocument(delivery: Delivery) {
  const { timezone, bounds, beforeBounds } = delivery;
  const toSpan = ({ firstMs, lastMs }: Bounds) => ({
    from: formatIsoTime(firstMs, timezone),
    to: formatIsoTime(lastMs, timezone),
  });
  return {
    format: FORMAT,
    made_at: formatIsoTime(delivery.madeAtMs, timezone),
    period: { ...toSpan(bounds), timezone },
    before: beforeBounds === undefined ? null : toSpan(beforeBounds),
    filter: delivery.filter,
    minimum_sample: delivery.minimumSample,
    ...toDeliveryGroups(delivery),
    notes: delivery.notes,
  };
}

/** One line per group, and per group of the preceding period; empty cells where nothing is known. RFC 4180. */
export function renderDeliveryCsv({ groups, bounds, beforeBounds, timezone }: Delivery): string {
  const toSpan = ({ firstMs, lastMs }: Bounds) => [firstMs, lastMs].map((ms) => formatIsoTime(ms, timezone));
  const toLine = ({ grouping, name }: DeliveryGroup, period: string, of: Bounds, values: Readonly<DoraValues>) =>
    formatCsvLine([
      grouping,
      name,
      period,
      ...toSpan(of),
      ...[...toDoraFields(values), ...toLevelFields(values)].map(([, value]) => value),
    ]);
  const [first] = groups;
  const names = first === undefined ? [] : toDoraFields(first.values).map(([name]) => name);
  const levels = first === undefined ? [] : toLevelFields(first.values).map(([metric]) => `${metric}_level`);
  const lines = [
    formatCsvLine(['grouping', 'name', 'period', 'from', 'to', ...names, ...levels]),
    ...groups.map((group) => toLine(group, 'now', bounds, group.values)),
    ...groups.flatMap((group) =>
      group.before === undefined || beforeBounds === undefined
        ? []
        : [toLine(group, 'before', beforeBounds, group.before)],
    ),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
