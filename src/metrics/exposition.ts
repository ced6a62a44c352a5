/** The two formats of the Prometheus ecosystem: text 0.0.4 and OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics';
export const FORMATS: readonly Format[] = ['text', 'openmetrics'];

export type LabelPairs = readonly (readonly [name: string, value: string])[];

interface SampleExemplar {
  readonly incidentId: string;
  /** Ids are those of a provider: a link to the incident needs both. */
  readonly provider: string;
  readonly value: number;
  readonly atMs: number;
}

export interface Sample {
  /** What follows the family's name: `_bucket`, `_sum`, `_count`, `_created`; empty for gauges and counters. */
  readonly suffix?: string;
  readonly labels: LabelPairs;
  /** The same as `labelText` gives for them, where it is known already. */
  readonly labelText?: string;
  /** Upper bound of a bucket; written as the format wants it. */
  readonly le?: number;
  readonly value: number;
  readonly exemplar?: SampleExemplar | undefined;
}

export type MetricType = 'gauge' | 'counter' | 'histogram' | 'summary' | 'untyped';

/** Code points that label names and values of an exemplar may have together (OpenMetrics 1.0). */
const EXEMPLAR_LENGTH_MAX = 128;
const EXEMPLAR_LABEL = 'incident_id';
const EXEMPLAR_PROVIDER_LABEL = 'provider';

/** HELP and TYPE of a family; counters lose their `_total` in OpenMetrics' metadata. */
export function headerText(family: { name: string; help: string; type: MetricType }, format: Format): string {
  const { name, help, type } = family;
  const isOpen = format === 'openmetrics';
  const title = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name;
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const openType = isOpen && type === 'untyped' ? 'unknown' : type;
  return `# HELP ${title} ${isOpen ? escaped.replaceAll('"', '\\"') : escaped}\n# TYPE ${title} ${openType}\n`;
}

/** One line of a sample; samples that a format does not know (`_created` in text) give nothing. */
export function sampleText(name: string, sample: Sample, format: Format): string {
  const { suffix = '', labels, le, value, exemplar } = sample;
  if (suffix === '_created' && format === 'text') return '';
  const own = sample.labelText ?? labelText(labels);
  const pairs = le === undefined ? own : joinLabels(own, `le="${boundText(le, format)}"`);
  const braces = pairs === '' ? '' : `{${pairs}}`;
  return `${name}${suffix}${braces} ${numberText(value)}${format === 'openmetrics' ? exemplarText(exemplar) : ''}\n`;
}

/** Label pairs without their braces. */
export function labelText(labels: LabelPairs): string {
  let text = '';
  for (const [name, value] of labels) text += `${text === '' ? '' : ','}${name}="${escapeValue(value)}"`;
  return text;
}

function joinLabels(first: string, second: string): string {
  return first === '' ? second : `${first},${second}`;
}

function escapeValue(value: string): string {
  if (!/[\\\n"]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** `60` in text; in OpenMetrics the canonical form: as Go's %g, with `.0` for whole numbers and a two-digit exponent. */
export function boundText(bound: number, format: Format): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  if (format === 'text') return String(bound);
  if (bound !== 0 && (Math.abs(bound) < 1e-4 || Math.abs(bound) >= 1e6)) {
    return bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/** An id that is too long gets no exemplar: a cut one would point nowhere. A provider that does not fit is left out: the series has it as a label. */
function exemplarText(exemplar: SampleExemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { incidentId, provider, value, atMs } = exemplar;
  const left = EXEMPLAR_LENGTH_MAX - EXEMPLAR_LABEL.length - countCodePoints(incidentId);
  if (left < 0) return '';
  const isNamed = EXEMPLAR_PROVIDER_LABEL.length + countCodePoints(provider) <= left;
  const labels = labelText([
    [EXEMPLAR_LABEL, incidentId],
    ...(isNamed ? [[EXEMPLAR_PROVIDER_LABEL, provider] as const] : []),
  ]);
  return ` # {${labels}} ${numberText(value)} ${atMs / 1000}`;
}

function countCodePoints(text: string): number {
  return Array.from(text).length;
}

/** The text of one item of one family. */
export interface Fragment {
  readonly version: number;
  readonly text: string;
  /** As OpenMetrics; the same string where the formats agree. */
  readonly openmetrics: string;
}

/** Joined, not concatenated one by one: V8 keeps a concatenated string as a tree of its parts in memory. */
export function renderFragment(name: string, version: number, samples: readonly Sample[]): Fragment {
  const text = samples.map((sample) => sampleText(name, sample, 'text')).join('');
  if (samples.every(({ suffix }) => suffix === undefined)) return { version, text, openmetrics: text };
  const openmetrics = samples.map((sample) => sampleText(name, sample, 'openmetrics')).join('');
  return { version, text, openmetrics };
}
