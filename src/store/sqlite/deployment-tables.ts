import type { Change, ChangeTimes, Comparison, DeploymentOutcome } from '../../model/deployment.ts';
import { DEPLOYMENT_FLAGS, DEPLOYMENT_OUTCOMES } from '../../model/deployment.ts';
import type { StoredDeployment } from '../deployment-row.ts';
import type { DeploymentChanges, DeploymentQueries, DeploymentReader, StoreEngine } from '../engine.ts';
import { text, timestamp } from '../incident-row.ts';
import type { Tables } from './tables.ts';

type Row = Readonly<Record<string, unknown>>;

/** The condition of the partial indexes of successes. */
const SUCCESS = `outcome = 'success' AND flags & ${DEPLOYMENT_FLAGS.deleted} = 0`;
const FINISHED = `finished_ms IS NOT NULL AND flags & ${DEPLOYMENT_FLAGS.deleted} = 0`;

const DEPLOYMENTS: Readonly<Record<keyof DeploymentQueries, string>> = {
  byId: 'SELECT * FROM deployments WHERE provider = ? AND id = ?',
  byRow: 'SELECT * FROM deployments WHERE row = ?',
  successesUntil: `SELECT * FROM deployments WHERE subject = ? AND ${SUCCESS} AND finished_ms <= ? ORDER BY finished_ms DESC LIMIT ?`,
  successesAfter: `SELECT * FROM deployments WHERE subject = ? AND ${SUCCESS} AND finished_ms > ? ORDER BY finished_ms LIMIT ?`,
  successesOf: `SELECT * FROM deployments WHERE subject = ? AND ${SUCCESS} AND sha = ?`,
  finishedBetween: `SELECT * FROM deployments WHERE subject = ?1 AND ${FINISHED} AND finished_ms >= ?2 AND finished_ms <= ?3`,
  unfinishedOf: `SELECT * FROM deployments WHERE +subject = ? AND provider = ? AND finished_ms IS NULL AND flags & ${DEPLOYMENT_FLAGS.deleted} = 0`,
  unfinished: `SELECT * FROM deployments WHERE provider = ? AND finished_ms IS NULL AND flags & ${DEPLOYMENT_FLAGS.deleted} = 0`,
  pending: `SELECT * FROM deployments WHERE provider = ? AND flags & ${DEPLOYMENT_FLAGS.pending} != 0`,
  uncountedSince: `SELECT * FROM deployments WHERE +provider = ? AND finished_ms >= ? AND flags & ${DEPLOYMENT_FLAGS.counted | DEPLOYMENT_FLAGS.deleted} = 0`,
  // Of each subject the newest success before the time stays: what comes after it is compared with it.
  endedBefore: `SELECT * FROM deployments d WHERE +d.provider = ?1 AND (
      (finished_ms < ?2 AND flags & ${DEPLOYMENT_FLAGS.deleted} = 0 AND finished_ms < (
        SELECT max(s.finished_ms) FROM deployments s WHERE s.subject = d.subject AND s.outcome = 'success' AND s.flags & 2 = 0 AND s.finished_ms < ?2))
      OR (finished_ms IS NULL AND updated_ms < ?2)
      OR (flags & ${DEPLOYMENT_FLAGS.deleted} != 0 AND updated_ms < ?2 AND coalesce(finished_ms, 0) < ?2)) LIMIT ?3`,
};

/** Reads the deployments and comparisons of a database. */
export function deploymentReaders({ prepare }: Tables): DeploymentReader & Pick<StoreEngine, 'eachDeployment'> {
  return {
    deployments: (query, ...parameters) =>
      prepare(DEPLOYMENTS[query])
        .all(...parameters)
        .map(readDeployment),
    comparison: (provider, { repository, baseSha, headSha }) => {
      const row = prepare(
        'SELECT * FROM comparisons WHERE provider = ? AND repository = ? AND head = ? AND base = ?',
      ).get(provider, repository, headSha, baseSha);
      return row === undefined ? undefined : readComparison(row, prepare);
    },
    comparisonsTo: (provider, repository, headSha) =>
      prepare('SELECT * FROM comparisons WHERE provider = ? AND repository = ? AND head = ?')
        .all(provider, repository, headSha)
        .map((row) => readComparison(row, prepare)),
    comparisonsWith: (provider, repository, sha) =>
      prepare(
        `SELECT c.base, c.head FROM changes JOIN comparisons c ON c.row = changes.comparison
         WHERE changes.sha = ? AND c.provider = ? AND c.repository = ?`,
      )
        .all(sha, provider, repository)
        .map((row) => ({ repository, baseSha: String(row['base']), headSha: String(row['head']) })),
    isChangeCounted: (provider, { repository, environment, sha }) =>
      prepare(
        'SELECT 1 FROM deployed_changes WHERE provider = ? AND repository = ? AND environment = ? AND sha = ?',
      ).get(provider, repository, environment, sha) !== undefined,
    eachDeployment: (visit) => {
      for (const row of prepare('SELECT * FROM deployments ORDER BY row').iterate()) visit(readDeployment(row));
    },
  };
}

/** Writes the deployments, comparisons and counted changes of a decision. */
export function writeDeployments(
  { put, prepare, remove }: Tables,
  { provider, nowMs }: { readonly provider: number; readonly nowMs: number },
  { deployments, comparisons, countedChanges }: DeploymentChanges,
): void {
  for (const one of deployments) put('deployments', deploymentCells(provider, one), ['row']);
  for (const { repository, baseSha: base, headSha: head, relation, changes } of comparisons) {
    const keys = { provider, repository, head, base };
    put('comparisons', { ...keys, relation, at_ms: nowMs }, Object.keys(keys));
    const comparison = Number(
      prepare('SELECT row FROM comparisons WHERE provider = ? AND repository = ? AND head = ? AND base = ?').get(
        provider,
        repository,
        head,
        base,
      )?.['row'],
    );
    remove('changes', { comparison });
    for (const change of changes) put('changes', { comparison, ...changeCells(change) }, ['comparison', 'sha']);
  }
  for (const { repository, environment, sha, deployment, ms, finishedAtMs } of countedChanges) {
    const cells = { deployment, ms, finished_ms: finishedAtMs, counted_at_ms: nowMs };
    put('deployed_changes', { provider, repository, environment, sha, ...cells });
  }
}

/** Deletes deployments, and what only they needed of what is older than a time. */
export function pruneDeployments(
  { prepare, remove }: Tables,
  provider: number,
  { expired, beforeMs }: { readonly expired: readonly StoredDeployment[]; readonly beforeMs: number },
): void {
  for (const { row } of expired) remove('deployments', { row });
  if (expired.length === 0) return;
  prepare('DELETE FROM deployed_changes WHERE provider = ? AND finished_ms < ?').run(provider, beforeMs);
  const isUnused = `provider = ?1 AND at_ms < ?2 AND NOT EXISTS (
    SELECT 1 FROM deployment_subjects s JOIN deployments d ON d.subject = s.row
    WHERE s.provider = comparisons.provider AND s.repository = comparisons.repository AND d.sha = comparisons.head)`;
  prepare(`DELETE FROM changes WHERE comparison IN (SELECT row FROM comparisons WHERE ${isUnused})`).run(
    provider,
    beforeMs,
  );
  prepare(`DELETE FROM comparisons WHERE ${isUnused}`).run(provider, beforeMs);
}

function deploymentCells(provider: number, one: StoredDeployment) {
  const { row, id, subject, flags, outcome = null, ref = null, sha = null, url = null } = one;
  return {
    row,
    provider,
    id,
    subject,
    flags,
    outcome,
    started_ms: one.startedAtMs,
    finished_ms: one.finishedAtMs ?? null,
    ref,
    sha,
    url,
    updated_ms: one.updatedAtMs,
    changes: one.changes.length === 0 ? null : JSON.stringify(one.changes.map(changeTimes)),
  };
}

/** A list of times is half as long as an object, and is read twice as fast. */
function changeTimes({ authoredAtMs, firstCommitAtMs, openedAtMs, mergedAtMs }: ChangeTimes) {
  return [authoredAtMs, firstCommitAtMs ?? null, openedAtMs ?? null, mergedAtMs ?? null];
}

function readDeployment(row: Row): StoredDeployment {
  return {
    row: Number(row['row']),
    id: String(row['id']),
    subject: Number(row['subject']),
    flags: Number(row['flags']),
    outcome: readOutcome(row['outcome']),
    startedAtMs: Number(row['started_ms']),
    finishedAtMs: timestamp(row, 'finished_ms'),
    ref: text(row, 'ref'),
    sha: text(row, 'sha'),
    url: text(row, 'url'),
    updatedAtMs: Number(row['updated_ms']),
    changes: readChanges(row['changes']),
  };
}

function readOutcome(value: unknown): DeploymentOutcome | undefined {
  return value === null ? undefined : DEPLOYMENT_OUTCOMES.find((outcome) => outcome === value);
}

const NO_CHANGES: readonly ChangeTimes[] = [];

function readChanges(value: unknown): readonly ChangeTimes[] {
  if (typeof value !== 'string') return NO_CHANGES;
  const lists: readonly (readonly (number | null)[])[] = JSON.parse(value);
  return lists.map(([authoredAtMs, firstCommitAtMs, openedAtMs, mergedAtMs]) => ({
    authoredAtMs: authoredAtMs ?? 0,
    ...(firstCommitAtMs != null && { firstCommitAtMs }),
    ...(openedAtMs != null && { openedAtMs }),
    ...(mergedAtMs != null && { mergedAtMs }),
  }));
}

const RELATIONS = ['ahead', 'identical', 'behind', 'diverged', 'unknown'] as const;

function readComparison(row: Row, prepare: Tables['prepare']): Comparison {
  const changes = prepare('SELECT * FROM changes WHERE comparison = ? ORDER BY sha').all(Number(row['row']));
  return {
    repository: String(row['repository']),
    baseSha: String(row['base']),
    headSha: String(row['head']),
    relation: RELATIONS.find((relation) => relation === row['relation']) ?? 'unknown',
    changes: changes.map(readChange),
  };
}

function changeCells({ sha, authoredAtMs, pullRequest }: Change) {
  return {
    sha,
    authored_ms: authoredAtMs,
    first_commit_ms: pullRequest?.firstCommitAtMs ?? null,
    opened_ms: pullRequest?.openedAtMs ?? null,
    merged_ms: pullRequest?.mergedAtMs ?? null,
  };
}

function readChange(row: Row): Change {
  const [firstCommitAtMs, openedAtMs] = [timestamp(row, 'first_commit_ms'), timestamp(row, 'opened_ms')];
  const change = { sha: String(row['sha']), authoredAtMs: Number(row['authored_ms']) };
  if (firstCommitAtMs === undefined || openedAtMs === undefined) return change;
  return { ...change, pullRequest: { firstCommitAtMs, openedAtMs, mergedAtMs: timestamp(row, 'merged_ms') } };
}
