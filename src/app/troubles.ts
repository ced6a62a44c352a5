import type { Config } from '../config/types.ts';
import type { CoreStatus } from '../core/messages.ts';
import { MINUTE_MS } from '../model/time.ts';
import { formatSpan } from '../server/status-page/html.ts';
import type { Issue, ProviderStatus } from '../server/status-page/view.ts';
import { findProvider } from './provider-status.ts';

/** A provider that is silent for longer stands still; the bundled alert takes the same, and three polls are always let go by. */
const STALE_MS = 15 * MINUTE_MS;
/** Share of the allowance below which polls may soon have to wait. */
const LOW_SHARE = 0.1;

export interface TroublesInput {
  readonly config: Config;
  readonly core: CoreStatus;
  readonly providers: readonly ProviderStatus[];
  /** The time by the clock of a provider's platform. */
  readonly nowMs: (provider: string) => number;
  /** The store has been read. */
  readonly isOpen: boolean;
  /** Why the page cannot be brought up to date. */
  readonly pageTrouble: string | undefined;
  readonly reloadFailure: string | undefined;
}

/** What is wrong right now, in words for people; empty when nothing is. */
export function troublesOf(input: TroublesInput): Issue[] {
  const { providers, isOpen, pageTrouble, reloadFailure } = input;
  return [
    ...when(
      !isOpen,
      'notice',
      'The exporter is starting: the store is being read, and there is no page of metrics yet.',
    ),
    ...when(pageTrouble !== undefined, 'problem', `The page of metrics cannot be brought up to date: ${pageTrouble}`),
    ...when(
      reloadFailure !== undefined,
      'problem',
      `The configuration was not reloaded, the old one runs on: ${reloadFailure}`,
    ),
    ...providers.flatMap((provider) => [
      ...silence(input, provider),
      ...requests(provider),
      ...records(input.core, provider),
      ...severities(provider),
    ]),
    ...overflow(input),
  ];
}

function when(isSo: boolean, kind: Issue['kind'], text: string): Issue[] {
  return isSo ? [{ kind, text }] : [];
}

function silence({ config, nowMs }: TroublesInput, provider: ProviderStatus): Issue[] {
  const { name, error, synced, lastSuccessAtMs, heldIncidents, allowance } = provider;
  const pollIntervalMs = config.providers.find((one) => one.name === name)?.pollIntervalMs ?? 0;
  const ageMs = lastSuccessAtMs === undefined ? 0 : nowMs(name) - lastSuccessAtMs;
  // Where nothing is asked, numbers stand still on purpose.
  const isStale = allowance !== undefined && synced && ageMs > Math.max(STALE_MS, 3 * pollIntervalMs);
  return [
    ...when(error !== undefined, 'problem', `${name} is down: ${error}`),
    ...when(
      isStale,
      'problem',
      `${name}: the last successful poll was ${formatSpan(ageMs)} ago; its numbers stand still.`,
    ),
    ...when(
      !synced,
      'notice',
      `${name}: the first sync is not complete (${heldIncidents} incidents so far); its incidents are in no number yet.`,
    ),
  ];
}

/** A first sync uses the whole allowance, as it should. */
function requests({ name, synced, allowance }: ProviderStatus): Issue[] {
  if (!synced || allowance?.left === undefined || allowance.left >= allowance.requests * LOW_SHARE) return [];
  const text = `${name}: ${allowance.left} of ${allowance.requests} requests are left; polls may have to wait.`;
  return [{ kind: 'notice', text }];
}

function records(core: CoreStatus, { name, waitingRecords, rejectedRecords }: ProviderStatus): Issue[] {
  const reasons = (findProvider(core, name)?.rejected ?? []).map(({ label, value }) => `${value} ${label}`);
  const again = waitingRecords > 0 ? `; ${waitingRecords} of them are fetched again with each poll` : '';
  const text = `${name}: ${rejectedRecords} records were not taken (${reasons.join(', ')})${again}. They are in no number.`;
  return when(rejectedRecords > 0, 'notice', text);
}

function severities({ name, unmappedSeverities: unmapped }: ProviderStatus): Issue[] {
  const text = `${name}: severities that map to none of the configured ones took the default: ${unmapped.join(', ')}.`;
  return when(unmapped.length > 0, 'notice', text);
}

function overflow({ config, core }: TroublesInput): Issue[] {
  const count = core.servicesOverflowed;
  const text = `${count} services more than metrics.max_services (${config.metrics.maxServices}) are shown together as "other".`;
  return when(count > 0, 'notice', text);
}
