import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createLabelMapper } from '../../config/label-mapper.ts';
import {
  createImportStats,
  type ImportStats,
  type ImportTarget,
  importRows,
  readRows,
} from '../../imports/importing.ts';
import { messageOf } from '../../model/error-message.ts';
import { platforms } from '../../providers/registry.ts';
import type { ImportSpan } from '../../store/store.ts';
import type { Asked, Surroundings } from '../command.ts';
import { createLog } from '../log.ts';
import { configurationOf } from '../reading.ts';
import { secretsOf } from '../secrets.ts';
import { type Destination, openDestination } from './destination.ts';
import { configFileOf, type ImportFile, type ImportOrder, readOrder, STANDARD_INPUT, shownName } from './order.ts';
import { createSinks, type Sinks } from './sinks.ts';
import { countsText, type Outcome, rejectedCount, summaryOf } from './summary.ts';

/** The tag that names a service where the configuration names none; Opsgenie's, as its provider has it. */
const DEFAULT_SERVICE_TAG = 'service';

/** Imports what was asked for; resolves with 0 when all rows were taken, or as many as were allowed to fail, else with 1. */
export async function runImport(asked: Asked, surroundings: Surroundings): Promise<number> {
  const { clock, errors, version } = surroundings;
  const nowMs = clock.nowMs();
  const config = configurationOf(configFileOf(asked), { surroundings, isQuiet: false });
  const order = readOrder(asked, { config, platforms, nowMs });
  const log = createLog({
    level: 'warn',
    destination: errors,
    secrets: secretsOf(config, platforms),
  });
  const stats = createImportStats(createLabelMapper(order.provider, config.severities), nowMs - config.retentionMs);
  const sinks = createSinks(order);
  const unread = new Set<string>();
  const destination = await openDestination({ config, platforms, clock, log, version }, order);
  try {
    const { target } = destination;
    for (const file of order.files) await importFile(file, { order, target, stats, sinks, unread, surroundings });
    const standing = destination.commit(spanOf(order, stats));
    const tally = stats.summary();
    const outcome = { order, tally, standing, retentionMs: config.retentionMs, unread };
    conclude(outcome, { destination, sinks, output: surroundings.output });
    return rejectedCount(tally) > order.maxRejected ? 1 : 0;
  } catch (error) {
    sinks.discard();
    throw error;
  } finally {
    destination.close();
  }
}

interface Ending {
  readonly destination: Destination;
  readonly sinks: Sinks;
  readonly output: Surroundings['output'];
}

/** Keeps the rejected rows and prints the summary. The import is committed by now, and an error here says so. */
function conclude(outcome: Omit<Outcome, 'rejectedFiles' | 'examples'>, { destination, sinks, output }: Ending): void {
  const { order, tally } = outcome;
  const afterCommit = <Result>(what: string, work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      const state = order.isDryRun
        ? 'nothing was to be imported'
        : `the import into ${order.provider.name} is committed (${countsText(tally)})`;
      throw new Error(`${state}, but ${what}${messageOf(error)}`, { cause: error });
    }
  };
  afterCommit('the store cannot be closed: ', () => destination.close());
  const rejectedFiles = afterCommit('', () => sinks.commit());
  afterCommit('its summary cannot be written: ', () =>
    output.write(summaryOf({ ...outcome, rejectedFiles, examples: sinks.examples })),
  );
}

interface FileWork {
  readonly order: ImportOrder;
  readonly target: ImportTarget;
  readonly stats: ImportStats;
  readonly sinks: Sinks;
  readonly unread: Set<string>;
  readonly surroundings: Surroundings;
}

async function importFile(file: ImportFile, work: FileWork): Promise<void> {
  const { order, target, stats, sinks, unread, surroundings } = work;
  const { mapping, provider, zone } = order;
  const { errors, clock, input } = surroundings;
  const what = shownName(file);
  try {
    const stream = file.name === STANDARD_INPUT ? input : await openFile(file.name);
    await importRows({
      target,
      rows: readRows({ format: file.format, stream, mapping, unread }),
      context: {
        mapping,
        zone,
        tags: { service: provider.services.tag ?? DEFAULT_SERVICE_TAG, severity: provider.severity.tag },
      },
      nowMs: clock.nowMs(),
      stats,
      onRejected: (row) => sinks.reject(file, row),
      onProgress: (rows) => void (errors.isTTY === true && errors.write(`\r${what}: ${rows} rows`)),
    });
    if (errors.isTTY === true) errors.write('\r\u001b[K');
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}; nothing was imported`, { cause: error });
  }
}

async function openFile(name: string): Promise<Readable> {
  const found = await stat(name).catch((error: unknown) => {
    throw new Error(`cannot be read (${messageOf(error)})`, { cause: error });
  });
  if (found.isDirectory()) throw new Error('is a directory; expected a file');
  return createReadStream(name);
}

/** The time of which the files tell everything, by what they hold or by what was said of them. */
function spanOf({ fromMs, untilMs }: ImportOrder, stats: ImportStats): ImportSpan | undefined {
  const { oldestTriggerMs, newestTimestampMs } = stats.summary();
  if (oldestTriggerMs === undefined || newestTimestampMs === undefined) return undefined;
  return { fromMs: fromMs ?? oldestTriggerMs, untilMs: untilMs ?? newestTimestampMs };
}
