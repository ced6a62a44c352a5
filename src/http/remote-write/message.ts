import { PbfWriter } from 'pbf';
import { compress } from 'snappyjs';

/** One sample of a series; the instant is milliseconds since the Unix epoch. */
export interface WrittenSample {
  readonly atMs: number;
  readonly value: number;
}

/** A series with samples in order of time. Labels in any order, the metric's name among them as `__name__`. */
export interface WrittenSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly WrittenSample[];
}

/** Numbers of the fields in `prometheus.WriteRequest` (remote write 1.0, https://prometheus.io/docs/specs/prw/remote_write_spec/). */
const FIELDS = {
  request: { series: 1 },
  series: { label: 1, sample: 2 },
  label: { name: 1, value: 2 },
  sample: { value: 1, atMs: 2 },
} as const;

/** The body of one request: protobuf in snappy's block format. Labels are put in order of their names, as receivers want them. */
export function encodeWriteRequest(series: readonly WrittenSeries[]): Uint8Array {
  const writer = new PbfWriter();
  for (const one of series) writer.writeMessage(FIELDS.request.series, writeSeries, one);
  return compress(writer.finish());
}

function writeSeries({ labels, samples }: WrittenSeries, writer: PbfWriter): void {
  const sorted = labels.toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const label of sorted) writer.writeMessage(FIELDS.series.label, writeLabel, label);
  for (const sample of samples) writer.writeMessage(FIELDS.series.sample, writeSample, sample);
}

function writeLabel([name, value]: WrittenSeries['labels'][number], writer: PbfWriter): void {
  writer.writeStringField(FIELDS.label.name, name);
  writer.writeStringField(FIELDS.label.value, value);
}

function writeSample({ atMs, value }: WrittenSample, writer: PbfWriter): void {
  writer.writeDoubleField(FIELDS.sample.value, value);
  writer.writeVarintField(FIELDS.sample.atMs, atMs);
}
