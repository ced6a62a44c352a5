import { toEnvironment } from '../../config/deployments.ts';
import type { Config } from '../../config/types.ts';
import type { Row } from '../../imports/file-format.ts';
import type { RejectedRow } from '../../imports/importing.ts';
import { DEPLOYMENT_FIELDS, parseDeployment } from '../../imports/parse-deployment.ts';
import type { Deployment } from '../../model/deployment.ts';
import { messageOf } from '../../model/error-message.ts';
import { formatList } from '../../model/format.ts';
import { printable } from '../../model/text.ts';
import { platforms } from '../../providers/registry.ts';
import { openStoredIncidents } from '../../store/snapshot.ts';
import type { ImportSpan } from '../../store/store.ts';
import type { CommandContext } from '../command.ts';
import { UsageError } from '../flags.ts';
import { type ImportResult, openStore } from './destination.ts';
import type { ImportOptions } from './options.ts';

/** Deployments that are written to the store together. */
const BATCH_SIZE = 500;
/** More deployments than a thousand repositories have in a year; they are kept in memory until all files are read. */
const DEPLOYMENTS_MAX = 1_000_000;

/** Throws UsageError for a provider that has no deployments, and for flags that concern incidents. */
export function checkDeploymentOptions({ provider }: ImportOptions, mapping: string | undefined): void {
  if (mapping !== undefined) {
    throw new UsageError('--mapping', 'cannot be combined with --deployments, which have one set of fields');
  }
  if (provider.deployments !== undefined) return;
  const known = platforms.filter(({ deployments }) => deployments !== undefined).map(({ type }) => type);
  const reason = `provider ${provider.name} has no deployments; expected one with source: deployments, or of a type such as ${known.join(', ')}`;
  throw new UsageError('--deployments', reason);
}

/** The deployments of the files: of rows with the same id the newest one. */
export interface DeploymentRows {
  add(row: Row): void;
  readonly newest: ReadonlyMap<string, Deployment>;
}

export function createDeploymentRows(
  reading: { readonly zone: string; readonly nowMs: number },
  onRejected: (row: RejectedRow) => void,
): DeploymentRows {
  const newest = new Map<string, Deployment>();
  return {
    newest,
    add: (row) => {
      const { line, recordNumber } = row;
      const parsed =
        'problem' in row ? { reason: 'malformed' as const, detail: row.problem } : parseDeployment(row.record, reading);
      if ('reason' in parsed) {
        const record = 'record' in row ? pickFields(row.record) : {};
        const { reason, detail } = parsed;
        onRejected({ reason, detail, line, ...(recordNumber !== undefined && { recordNumber }), record });
        return;
      }
      const known = newest.get(parsed.id);
      if (known !== undefined && known.updatedAtMs > parsed.updatedAtMs) return;
      if (newest.size === DEPLOYMENTS_MAX) throw new Error(`contains more than ${DEPLOYMENTS_MAX} deployments`);
      newest.set(parsed.id, { ...parsed, imported: true });
    },
  };
}

function pickFields(record: unknown): Record<string, unknown> {
  const names: readonly string[] = DEPLOYMENT_FIELDS;
  return Object.fromEntries(Object.entries(Object(record)).filter(([name]) => names.includes(name)));
}

/** How many deployments are new to the store, and where the provider's history begins after the import. */
export interface DeploymentsImported {
  readonly added: number;
  readonly known: number;
  /** Deployments by name of the environments that the configuration does not name. */
  readonly unread: ReadonlyMap<string, number>;
  readonly result: ImportResult;
}

/** Writes the deployments in one transaction, unless it is a dry run; the store decides which of two reports is newer. */
export async function importDeployments(
  deployments: readonly Deployment[],
  { config, options }: { readonly config: Config; readonly options: ImportOptions },
  context: CommandContext,
): Promise<DeploymentsImported> {
  const { provider, isOnlySource, isDryRun } = options;
  const span = findSpan(deployments, options);
  const { environments = [] } = provider.deployments ?? {};
  const isRead = ({ environment }: Deployment) => toEnvironment(environments, environment) !== undefined;
  const ids = deployments.filter(isRead).map(({ id }) => id);
  const unread = new Map<string, number>();
  for (const one of deployments) {
    if (!isRead(one)) unread.set(one.environment, (unread.get(one.environment) ?? 0) + 1);
  }
  if (isDryRun) {
    const past = openStoredIncidents(config.store.path, provider.name);
    try {
      const known = past.stored.deployments(ids).size;
      const starts = [past.historyStartMs, span?.fromMs].filter((ms) => ms !== undefined);
      const isSynced = past.isSynced || (isOnlySource && span !== undefined);
      const historyStartMs = isSynced && starts.length > 0 ? Math.min(...starts) : undefined;
      return { added: ids.length - known, known, unread, result: { isSynced, historyStartMs } };
    } finally {
      past.close();
    }
  }
  const store = await openStore(config, context);
  try {
    const known = store.stored(provider.name).deployments(ids).size;
    const input = { provider: provider.name, isOnlySource, nowMs: context.clock.nowMs() };
    store.importDeployments(input, toBatches(deployments), span);
    return { added: ids.length - known, known, unread, result: store.provider(provider.name) };
  } catch (error) {
    throw new Error(`cannot write to the store: ${messageOf(error)}; nothing was imported`, { cause: error });
  } finally {
    store.close();
  }
}

/** The period that the files cover completely, by flags or else by their content. */
function findSpan(
  deployments: readonly Deployment[],
  { fromMs, untilMs }: Pick<ImportOptions, 'fromMs' | 'untilMs'>,
): ImportSpan | undefined {
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { startedAtMs, finishedAtMs = startedAtMs } of deployments) {
    oldestMs = Math.min(oldestMs, startedAtMs);
    newestMs = Math.max(newestMs, finishedAtMs);
  }
  return deployments.length === 0 ? undefined : { fromMs: fromMs ?? oldestMs, untilMs: untilMs ?? newestMs };
}

function* toBatches(deployments: readonly Deployment[]): Generator<readonly Deployment[]> {
  for (let at = 0; at < deployments.length; at += BATCH_SIZE) yield deployments.slice(at, at + BATCH_SIZE);
}

/** The summary for people. */
export function renderDeployments(
  { added, known, unread, result }: DeploymentsImported,
  given: {
    readonly options: ImportOptions;
    readonly rejected: number;
    readonly examples: readonly string[];
    readonly rejectedFiles: readonly string[];
    readonly ignored: ReadonlySet<string>;
  },
): string {
  const { options, rejected, examples, rejectedFiles, ignored } = given;
  const { name } = options.provider;
  const title = options.isDryRun ? `Dry run, nothing was written. Import into ${name}` : `Imported into ${name}`;
  const counts = `${added} new deployments, ${known} known${rejected > 0 ? `, ${rejected} rejected` : ''}`;
  const start = result.historyStartMs;
  const lines = [
    `${title}: ${counts}`,
    ...unreadLines(unread),
    ...(ignored.size > 0 ? [`Ignored fields (no person's name is imported): ${formatList([...ignored], 12)}`] : []),
    start === undefined
      ? `First sync of ${name} is incomplete: imported deployments appear once it is complete`
      : `History of ${name} begins ${new Date(start).toISOString()}`,
    ...examples.map((one) => `  ${one}`),
    ...(rejectedFiles.length > 0 ? [`Rejected rows, to correct and import again: ${rejectedFiles.join(', ')}`] : []),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function unreadLines(unread: ReadonlyMap<string, number>): string[] {
  if (unread.size === 0) return [];
  const names = [...unread].map(([name, count]) => `${name} (${count})`);
  return [`Not read, as environments does not name them: ${formatList(names, 12)}`];
}
