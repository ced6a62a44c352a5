import { cutLabel } from '../config/label-mapper.ts';
import type { UnreadDeployment, UnreadEnvironment } from '../model/deployment.ts';
import type { LedgerState, StoredProvider } from './state.ts';

/** Names of a provider that are told of: more are those of pull requests, one each. */
const NAMES_MAX = 50;
/** The label that counts the deployments of all names beyond the limit. */
const OTHERS = '';
/** Beside the reasons of rejections: a deployment that is counted as not read. */
export const UNREAD_REASON = 'unread_environment';

/** What counting unread deployments adds besides totals. */
export interface UnreadChanges {
  /** Deployments that are counted now. */
  readonly ids: readonly string[];
  /** Environments that are met for the first time. */
  readonly newNames: readonly string[];
}

export const NOTHING_UNREAD: UnreadChanges = { ids: [], newNames: [] };

interface UnreadInput {
  readonly state: LedgerState;
  readonly provider: Pick<StoredProvider, 'name' | 'row'>;
  readonly reader: { isRejected(provider: number, rejection: { key: string; reason: string }): boolean };
}

/** Counts the deployments of environments that the configuration does not name, each once. */
export function countUnread(
  { state, provider, reader }: UnreadInput,
  deployments: readonly UnreadDeployment[],
): UnreadChanges {
  if (deployments.length === 0) return NOTHING_UNREAD;
  const ids = new Set<string>();
  const newNames: string[] = [];
  const names = new Set(countersOf(state, provider.name).map(({ label }) => label));
  names.delete(OTHERS);
  for (const { id, environment } of deployments) {
    if (ids.has(id) || reader.isRejected(provider.row, { key: id, reason: UNREAD_REASON })) continue;
    ids.add(id);
    const name = cutLabel(environment);
    if (!names.has(name) && names.size < NAMES_MAX && name !== OTHERS) {
      names.add(name);
      newNames.push(name);
    }
    state.count({ provider: provider.name, name: 'unread_environments', label: names.has(name) ? name : OTHERS });
  }
  return { ids: [...ids], newNames };
}

/** Environments of a provider that today's configuration does not name, with the deployments counted there. */
export function findUnreadEnvironments(state: LedgerState, provider: string): UnreadEnvironment[] {
  const unread = countersOf(state, provider)
    .filter(({ label, value }) => value > 0 && state.environmentOf({ provider, environment: label }) === undefined)
    .map(({ label: name, value: deployments }) => ({ name, deployments }));
  return unread.every(({ name }) => name === OTHERS) ? [] : unread;
}

function countersOf({ counters }: LedgerState, provider: string) {
  return counters.values().filter((one) => one.provider === provider && one.name === 'unread_environments');
}
