import type { LabelMapper } from '../config/label-mapper.ts';
import type { Incident, RejectionReason } from '../model/incident.ts';
import { formatAlternatives, printable } from '../model/text.ts';
import { isSameContent } from '../store/incident-row.ts';
import { readCsv } from './csv.ts';
import { isSelected, type ReadContext } from './field-values.ts';
import type { Format, ReadInput, Row, RowPosition } from './file-format.ts';
import { readJson, readJsonLines } from './json.ts';
import { findMissingColumns, listPaths, type Mapping, pickPaths } from './mapping.ts';
import { type OptionalTime, type ParsedIncident, parseIncident } from './parse-incident.ts';

/** Columns beyond these are not listed in an error. */
const COLUMNS_MAX = 40;
/** Incidents that are looked up and written together. */
const BATCH_SIZE = 500;

/** An incident of the files and what becomes of it. */
export interface ImportedIncident {
  readonly incident: Incident;
  readonly outcome: ImportOutcome;
}

/** Where imported incidents go. */
export interface ImportTarget {
  /** The known incidents of these ids, from this import or from before. */
  incidents(ids: readonly string[]): Map<string, Incident>;
  /** Adds new and changed incidents, which replace those of the same ids, and remembers the ids of the others. */
  add(incidents: readonly ImportedIncident[]): void;
  /** Each incident of the files once. */
  imported(): Iterable<ImportedIncident>;
}

/** A row that was rejected. */
export interface RejectedRow extends RowPosition {
  readonly reason: RejectionReason;
  readonly detail: string;
  /** Only what the mapping reads of it; empty where it could not be read at all. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** One file and what is done with its rows. */
export interface ImportInput {
  readonly rows: AsyncIterable<Row>;
  readonly context: ReadContext;
  readonly target: ImportTarget;
  readonly nowMs: number;
  readonly stats: ImportStats;
  readonly onRejected: (row: RejectedRow) => void;
  /** Called now and then with the number of rows that were read. */
  readonly onProgress?: (rows: number) => void;
}

const READERS: Readonly<Record<Format, (input: ReadInput) => AsyncIterable<Row>>> = {
  csv: readCsv,
  json: readJson,
  ndjson: readJsonLines,
};

/** A file, and the mapping that says which of its columns are read. */
export interface FileInput extends Pick<ReadInput, 'stream' | 'unread'> {
  readonly format: Format;
  readonly mapping: Mapping;
}

/**
 * The rows of a file one by one, in its order; throws when the file as a whole is invalid, or lacks a column that the
 * mapping requires.
 */
export async function* readRows({ format, stream, mapping, unread }: FileInput): AsyncGenerator<Row> {
  const found = new Set<string>();
  const wanted = listPaths(mapping).map(({ text }) => text);
  let isEmpty = true;
  for await (const row of READERS[format]({ stream, wanted, unread, found })) {
    isEmpty = false;
    yield row;
  }
  const missing = isEmpty ? undefined : findMissingColumns(mapping, found);
  if (missing === undefined) return;
  const columns = [...found, ...unread].slice(0, COLUMNS_MAX).map(printable).join(', ');
  throw new Error(
    `no row has ${formatAlternatives(missing.columns)}, which ${mapping.name} names for ${missing.usedFor}; expected one of the columns ${columns}`,
  );
}

/** The rows of a file of which only these columns are read. */
export function readColumns(
  { format, stream, unread }: Omit<FileInput, 'mapping'>,
  wanted: readonly string[],
): AsyncIterable<Row> {
  return READERS[format]({ stream, wanted, unread, found: new Set() });
}

/** Adds the incidents of the rows to the target, in batches; of rows with the same id the last one counts. */
export async function importRows(input: ImportInput): Promise<void> {
  const { context, nowMs, stats } = input;
  const paths = listPaths(context.mapping);
  let batch: ParsedIncident[] = [];
  let rowCount = 0;
  for await (const row of input.rows) {
    rowCount += 1;
    if ('record' in row && !isSelected(row.record, context.mapping)) {
      stats.skip();
      continue;
    }
    const parsed =
      'problem' in row
        ? { reason: 'malformed' as const, detail: row.problem }
        : parseIncident(row.record, context, nowMs);
    if ('reason' in parsed) {
      stats.reject(parsed.reason);
      const record = 'record' in row ? pickPaths(row.record, paths) : {};
      const { line, recordNumber } = row;
      input.onRejected({ ...parsed, line, ...(recordNumber !== undefined && { recordNumber }), record });
      continue;
    }
    batch.push(parsed);
    if (batch.length < BATCH_SIZE) continue;
    importBatch(batch, input);
    input.onProgress?.(rowCount);
    batch = [];
  }
  importBatch(batch, input);
}

function importBatch(batch: readonly ParsedIncident[], { target, stats }: ImportInput): void {
  const known = target.incidents(batch.map(({ incident }) => incident.id));
  const imported: ImportedIncident[] = [];
  for (const parsed of batch) {
    const { incident } = parsed;
    const outcome = compare(parsed, known.get(incident.id));
    stats.addRow(parsed);
    imported.push({ incident, outcome });
    if (isTaken(outcome)) known.set(incident.id, incident);
  }
  target.add(imported);
}

/** What becomes of an incident. `older`: what the store has is newer, or is what a poll reported. */
export const IMPORT_OUTCOMES = ['new', 'changed', 'unchanged', 'older'] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/** True when the store gets the incident. */
export function isTaken(outcome: ImportOutcome): boolean {
  return outcome === 'new' || outcome === 'changed';
}

/** A polled incident stays until the file has something newer; of two imports the later one counts, unless its own time of change is older. */
function compare({ incident, hasUpdatedAt }: ParsedIncident, stored: Incident | undefined): ImportOutcome {
  if (stored === undefined) return 'new';
  const isNewer = incident.updatedAtMs > stored.updatedAtMs;
  if (stored.imported !== true) return hasUpdatedAt && isNewer ? 'changed' : 'older';
  if (isSameContent(stored, incident)) return 'unchanged';
  return hasUpdatedAt && incident.updatedAtMs < stored.updatedAtMs ? 'older' : 'changed';
}

/** Unmapped severities beyond these are not listed. */
const UNMAPPED_MAX = 50;

/** The result of an import. */
export interface ImportSummary {
  /** Incidents; several rows of one id are one. */
  readonly outcomes: Readonly<Record<ImportOutcome, number>>;
  /** Rows whose incident another row has, too: the last one counts. */
  readonly repeated: number;
  readonly rejected: ReadonlyMap<RejectionReason, number>;
  /** Rows that the mapping's `where` and `skip` leave out. */
  readonly skipped: number;
  /** Acknowledgements and other times that were left out, as they contradict the trigger; by field. */
  readonly droppedTimestamps: ReadonlyMap<OptionalTime, number>;
  readonly services: number;
  /** Incidents by the platform's word for a severity that the configuration does not know; empty without a severity. */
  readonly unmapped: ReadonlyMap<string, number>;
  /** Left out by the provider's filter: stored, but displayed nowhere. */
  readonly excluded: number;
  /** Ended before the retention begins: the exporter will delete them. */
  readonly beyondRetention: number;
  readonly open: number;
  readonly oldestTriggerMs: number | undefined;
  readonly newestTimestampMs: number | undefined;
}

/** Counts the rows and the incidents of an import. */
export interface ImportStats {
  addRow(parsed: Pick<ParsedIncident, 'droppedTimestamps'>): void;
  /** Each incident once, after the last row. */
  addIncident(imported: ImportedIncident): void;
  reject(reason: RejectionReason): void;
  skip(): void;
  summary(): ImportSummary;
}

/** Keeps names of services and severities, no records. What ended before `retentionStartMs` is soon deleted. */
export function createImportStats(labelMapper: LabelMapper, retentionStartMs: number): ImportStats {
  const outcomes = { new: 0, changed: 0, unchanged: 0, older: 0 };
  const rejected = new Map<RejectionReason, number>();
  const services = new Set<string>();
  const dropped = new Map<OptionalTime, number>();
  const unmapped = new Map<string, number>();
  const counts = { rows: 0, skipped: 0, excluded: 0, beyondRetention: 0, open: 0 };
  let oldestTriggerMs: number | undefined;
  let newestTimestampMs: number | undefined;
  const countUnmapped = (word: string) => {
    if (unmapped.has(word) || unmapped.size < UNMAPPED_MAX) unmapped.set(word, (unmapped.get(word) ?? 0) + 1);
  };
  return {
    addRow: ({ droppedTimestamps }) => {
      counts.rows += 1;
      for (const time of droppedTimestamps) dropped.set(time, (dropped.get(time) ?? 0) + 1);
    },
    addIncident: ({ incident, outcome }) => {
      outcomes[outcome] += 1;
      const { triggeredAtMs, resolvedAtMs, team = '' } = incident;
      const labels = labelMapper.map({ ...incident, team, row: 0, provider: labelMapper.provider.name });
      services.add(labels.service);
      if (labels.excluded || labelMapper.excludesTitle(incident.title)) counts.excluded += 1;
      if (resolvedAtMs === undefined) counts.open += 1;
      else if (resolvedAtMs < retentionStartMs) counts.beyondRetention += 1;
      if (labels.severity.unmapped !== undefined) countUnmapped(labels.severity.unmapped.value ?? '');
      oldestTriggerMs = Math.min(oldestTriggerMs ?? triggeredAtMs, triggeredAtMs);
      const latestMs = Math.max(triggeredAtMs, resolvedAtMs ?? triggeredAtMs);
      newestTimestampMs = Math.max(newestTimestampMs ?? latestMs, latestMs);
    },
    reject: (reason) => rejected.set(reason, (rejected.get(reason) ?? 0) + 1),
    skip: () => {
      counts.skipped += 1;
    },
    summary: () => ({
      outcomes,
      repeated: counts.rows - IMPORT_OUTCOMES.reduce((sum, one) => sum + outcomes[one], 0),
      rejected,
      droppedTimestamps: dropped,
      services: services.size,
      unmapped,
      skipped: counts.skipped,
      excluded: counts.excluded,
      beyondRetention: counts.beyondRetention,
      open: counts.open,
      oldestTriggerMs,
      newestTimestampMs,
    }),
  };
}
