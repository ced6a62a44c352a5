import { DAY_MS } from '../model/time.ts';
import { durationText } from './durations.ts';
import type { Findings } from './findings.ts';
import type { Path } from './problems.ts';
import { resolveProvider, type Source } from './providers.ts';
import { type ReadFile, readSecret } from './secrets.ts';
import type { Settings } from './settings-schema.ts';
import { resolveSeverities } from './severities.ts';
import { valueAt } from './tree.ts';
import type { Config, SeverityConfig, WindowConfig } from './types.ts';

/** A configuration of either form, each part by itself right. */
export interface Draft {
  readonly settings: Settings;
  readonly sources: readonly Source[];
  readonly historyMs: number;
  readonly windows: readonly (WindowConfig & { readonly path: Path })[];
  readonly timeRange: Config['timeRange'];
}

/** A baseline is shown where history begins this long before it (DESIGN §5). */
export const HISTORY_MARGIN_MS = 30 * DAY_MS;

/** Joins the parts and checks what they say about each other; what is wrong is in the findings. */
export function resolve(draft: Draft, readFile: ReadFile, findings: Findings): Config {
  const { settings, sources } = draft;
  const severities = resolveSeverities(settings.severities, findings);
  checkNames(sources, findings);
  checkSpans(draft, findings);
  checkLevels(settings.levels, findings);
  const { levels, metrics } = settings;
  return {
    providers: sources.map((source) => resolveProvider(source, { severities, readFile, findings })),
    severities,
    historyMs: draft.historyMs,
    windows: draft.windows.map(({ name, ms }) => ({ name, ms })),
    groupings: checkedGroupings(settings, findings),
    recovery: { reopened: settings.recovery.reopened, settleMs: settings.recovery.settle },
    levels: { eliteMs: levels.elite, highMs: levels.high, mediumMs: levels.medium },
    metrics: {
      detail: metrics.detail,
      team: metrics.team,
      maxServices: metrics.max_services,
      minimumSample: metrics.minimum_sample,
      newSeriesHoldMs: metrics.new_series_hold,
      bucketsMs: joinedBuckets(settings, severities),
    },
    retentionMs: settings.retention,
    store: { path: settings.store.path },
    timezone: settings.timezone,
    timeRange: draft.timeRange,
    web: {
      bearerToken: webToken('bearer_token', { settings, readFile, findings }),
      adminToken: webToken('admin_token', { settings, readFile, findings }),
    },
  };
}

function checkNames(sources: readonly Source[], findings: Findings): void {
  for (const [index, { name, path }] of sources.entries()) {
    const earlier = sources.findIndex((source) => source.name === name);
    if (earlier < index) {
      const clash = `is the name of providers[${earlier}] too; expected a name of its own for each provider`;
      findings.say([...path, 'name'], `${nameText(name, [...path, 'name'], findings)} ${clash}`);
    }
  }
}

/** A provider without a name bears its type's, which is in the file and no secret. */
function nameText(name: string, path: Path, findings: Findings): string {
  return findings.document.written(path) === undefined ? JSON.stringify(name) : findings.shown(path);
}

function checkSpans({ windows, historyMs, settings }: Draft, findings: Findings): void {
  for (const [index, { ms, path }] of windows.entries()) {
    const earlier = windows.findIndex((other) => other.ms === ms);
    if (earlier < index) findings.refuse(path, `is the same span as windows[${earlier}]; expected each span once`);
  }
  const largest = windows.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, name: '', path: [] });
  const [window, double] = [durationText(largest.ms), durationText(2 * largest.ms)];
  const placeOf = (key: string) => (valueAt(findings.document.value, [key]) === undefined ? largest.path : [key]);
  if (historyMs < largest.ms) {
    const text = `history of ${durationText(historyMs)} is shorter than the largest window; expected history of ${window} or more`;
    findings.say(placeOf('history'), text);
  } else if (historyMs < largest.ms + HISTORY_MARGIN_MS) {
    const wanted = durationText(largest.ms + HISTORY_MARGIN_MS);
    const text = `history of ${durationText(historyMs)} is less than the largest window and 30d: it may miss the longest recoveries; better ${wanted} or more`;
    findings.warn(placeOf('history'), text);
  }
  if (settings.retention < 2 * largest.ms) {
    const text = `retention of ${durationText(settings.retention)} is shorter than twice the largest window; expected retention of ${double} or more`;
    findings.say(placeOf('retention'), text);
  }
  if (settings.retention < historyMs) {
    const text = `retention of ${durationText(settings.retention)} is shorter than history: what is older is fetched and forgotten; better ${durationText(historyMs)} or more`;
    findings.warn(placeOf('retention'), text);
  }
}

function checkLevels({ elite, high, medium }: Settings['levels'], findings: Findings): void {
  if (elite < high && high < medium) return;
  const bounds = [elite, high, medium].map(durationText).join(', ');
  findings.say(['levels'], `elite, high and medium are ${bounds}; expected each longer than the one before`);
}

function checkedGroupings({ groupings }: Settings, findings: Findings): Config['groupings'] {
  for (const [index, grouping] of groupings.entries()) {
    if (groupings.indexOf(grouping) < index) findings.refuse(['groupings', index], 'is listed twice; expected it once');
  }
  return groupings;
}

/** Every target and level bound is a bucket bound, so that shares within them are exact. */
function joinedBuckets({ metrics, levels }: Settings, severities: readonly SeverityConfig[]): number[] {
  const targets = severities.map(({ targetMs }) => targetMs).filter((ms) => ms !== undefined);
  const all = new Set([...metrics.buckets, ...targets, levels.elite, levels.high, levels.medium]);
  return [...all].toSorted((a, b) => a - b);
}

interface Tokens {
  readonly settings: Settings;
  readonly readFile: ReadFile;
  readonly findings: Findings;
}

/** An empty one is none. */
function webToken(name: 'bearer_token' | 'admin_token', { settings, readFile, findings }: Tokens): string | undefined {
  const { web } = settings;
  const forms = { name, value: web[name], file: web[`${name}_file`], path: ['web', `${name}_file`] };
  const token = readSecret(forms, readFile, findings) ?? web[name];
  return token === '' ? undefined : token;
}
