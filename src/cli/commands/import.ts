import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createLabelMapper } from '../../config/label-mapper.ts';
import type { Config } from '../../config/types.ts';
import {
  createImportStats,
  type ImportStats,
  type ImportTarget,
  importRows,
  readColumns,
  readRows,
} from '../../imports/importing.ts';
import { DEPLOYMENT_FIELDS } from '../../imports/parse-deployment.ts';
import { messageOf } from '../../model/error-message.ts';
import type { ImportSpan } from '../../store/store.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import {
  checkDeploymentOptions,
  createDeploymentRows,
  type DeploymentRows,
  importDeployments,
  renderDeployments,
} from '../import/deployments.ts';
import { openDestination } from '../import/destination.ts';
import {
  displayName,
  type ImportFile,
  type ImportOptions,
  importFlags,
  readImportOptions,
  STANDARD_INPUT,
} from '../import/options.ts';
import { createRejectedRows, type RejectedRows } from '../import/rejected-rows.ts';
import { countRejected, countsText, renderSummary } from '../import/summary.ts';

/** The tag of the service where the configuration names none, as for Opsgenie. */
const DEFAULT_SERVICE_TAG = 'service';

/** Imports incidents from files into the store. */
export const importFiles = defineCommand({
  name: 'import',
  description: 'import incidents from files (CSV or JSON exports) into the store',
  operands: '<file...>',
  examples: [
    ['import --provider opsgenie --mapping opsgenie --dry-run alerts.json', 'what would be imported; writes nothing'],
    [
      'import --provider opsgenie --mapping opsgenie alerts.json',
      'the same id is one incident, however often it comes',
    ],
    ['import --provider jira --mapping jira --timezone Europe/Berlin issues.csv', 'dates of Jira have no zone'],
    ['import --provider status --mapping mapping.yml --format ndjson - < outages.txt', 'with your own mapping'],
  ],
  flags: importFlags,
  run,
});

/** Resolves with 1 when more rows were rejected than `--max-rejected` tolerates. */
async function run(args: ParsedArgs<typeof importFlags>, context: CommandContext): Promise<number> {
  const nowMs = context.clock.nowMs();
  const config = configurationForHistory(args.flags, context);
  const { retentionMs, severities, services } = config;
  const options = readImportOptions(args, config, nowMs);
  if (args.flags.deployments) return runDeployments({ config, options, mapping: args.flags.mapping }, context);
  const stats = createImportStats(createLabelMapper(options.provider, severities, services), nowMs - retentionMs);
  const rejectedRows = createRejectedRows(options);
  const ignored = new Set<string>();
  const assumedZones = new Set<string>();
  const destination = await openDestination(config, options, context);
  try {
    const { target } = destination;
    for (const file of options.files) {
      await importFile(file, { options, target, stats, rejectedRows, ignored, assumedZones }, context);
    }
    for (const imported of target.imported()) stats.addIncident(imported);
    const result = destination.commit(findCoveredSpan(options, stats));
    const imported = stats.summary();
    // The import is committed by now, and an error says so.
    const state = options.isDryRun
      ? 'nothing was to be imported'
      : `the import into ${options.provider.name} is committed (${countsText(imported)})`;
    prefixErrors(`${state}, but cannot close the store: `, () => destination.close());
    const rejectedFiles = prefixErrors(`${state}, but `, () => rejectedRows.commit());
    const { examples } = rejectedRows;
    const summary = renderSummary({
      options,
      imported,
      result,
      retentionMs,
      ignored,
      assumedZones,
      rejectedFiles,
      examples,
    });
    prefixErrors(`${state}, but cannot write the summary: `, () => context.stdout.write(summary));
    return countRejected(imported) > options.maxRejected ? 1 : 0;
  } catch (error) {
    rejectedRows.discard();
    throw error;
  } finally {
    destination.close();
  }
}

/** The same for deployments, whose records have one set of fields. */
async function runDeployments(
  { config, options, mapping }: { config: Config; options: ImportOptions; mapping: string | undefined },
  context: CommandContext,
): Promise<number> {
  checkDeploymentOptions(options, mapping);
  const rejectedRows = createRejectedRows(options);
  const ignored = new Set<string>();
  let rejected = 0;
  try {
    let file: ImportFile | undefined;
    const rows = createDeploymentRows({ zone: options.zone, nowMs: context.clock.nowMs() }, (row) => {
      rejected += 1;
      if (file !== undefined) rejectedRows.add(file, row);
    });
    for (file of options.files) {
      await readDeployments(file, { rows, ignored }, context);
    }
    const imported = await importDeployments([...rows.newest.values()], { config, options }, context);
    const rejectedFiles = rejectedRows.commit();
    const { examples } = rejectedRows;
    context.stdout.write(renderDeployments(imported, { options, rejected, examples, rejectedFiles, ignored }));
    return rejected > options.maxRejected ? 1 : 0;
  } catch (error) {
    rejectedRows.discard();
    throw error;
  }
}

async function readDeployments(
  file: ImportFile,
  { rows, ignored }: { readonly rows: DeploymentRows; readonly ignored: Set<string> },
  { stdin }: CommandContext,
): Promise<void> {
  try {
    const stream = file.name === STANDARD_INPUT ? stdin : await openFile(file.name);
    const read = readColumns({ format: file.format, stream, unread: ignored }, DEPLOYMENT_FIELDS);
    for await (const row of read) rows.add(row);
  } catch (error) {
    throw new Error(`${displayName(file)}: ${messageOf(error)}; nothing was imported`, { cause: error });
  }
}

function prefixErrors<Result>(prefix: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Error(prefix + messageOf(error), { cause: error });
  }
}

interface ImportRun {
  readonly options: ImportOptions;
  readonly target: ImportTarget;
  readonly stats: ImportStats;
  readonly rejectedRows: RejectedRows;
  readonly ignored: Set<string>;
  readonly assumedZones: Set<string>;
}

async function importFile(
  file: ImportFile,
  { options, target, stats, rejectedRows, ignored, assumedZones }: ImportRun,
  { stdin, stderr, clock }: CommandContext,
): Promise<void> {
  const { mapping, provider, zone } = options;
  const name = displayName(file);
  try {
    const stream = file.name === STANDARD_INPUT ? stdin : await openFile(file.name);
    await importRows({
      target,
      rows: readRows({ format: file.format, stream, mapping, unread: ignored }),
      context: {
        mapping,
        zone,
        assumedZones,
        tags: { service: provider.services.tag ?? DEFAULT_SERVICE_TAG, severity: provider.severity.tag },
      },
      nowMs: clock.nowMs(),
      stats,
      onRejected: (row) => rejectedRows.add(file, row),
      onProgress: (rows) => void (stderr.isTTY === true && stderr.write(`\r${name}: ${rows} rows`)),
    });
    if (stderr.isTTY === true) stderr.write('\r\u001b[K');
  } catch (error) {
    throw new Error(`${name}: ${messageOf(error)}; nothing was imported`, { cause: error });
  }
}

async function openFile(name: string): Promise<Readable> {
  const found = await stat(name).catch((error: unknown) => {
    throw new Error(`cannot read it (${messageOf(error)})`, { cause: error });
  });
  if (found.isDirectory()) throw new Error('is a directory; expected a file');
  return createReadStream(name);
}

/** The period that the files cover completely, by flags or else by their content. */
function findCoveredSpan({ fromMs, untilMs }: ImportOptions, stats: ImportStats): ImportSpan | undefined {
  const { oldestTriggerMs, newestTimestampMs } = stats.summary();
  if (oldestTriggerMs === undefined || newestTimestampMs === undefined) return undefined;
  return { fromMs: fromMs ?? oldestTriggerMs, untilMs: untilMs ?? newestTimestampMs };
}
