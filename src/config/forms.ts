import { z } from 'zod';
import { DAY_MS } from '../model/time.ts';
import { DURATION_MAX_MS, parseDuration } from './durations.ts';
import type { Findings } from './findings.ts';
import { DEFAULT_WINDOWS, longForm, sectionSchema, shortForm } from './forms-schema.ts';
import { parsePart } from './parse.ts';
import { listText } from './problems.ts';
import { type Draft, HISTORY_MARGIN_MS } from './resolve.ts';
import { isMapping, valueAt } from './tree.ts';
import type { PlatformSettings, WindowConfig } from './types.ts';

/** What a form is read with. */
export interface FormReading {
  readonly platforms: readonly PlatformSettings[];
  /** From which a `start_date` that is a date counts; milliseconds. */
  readonly nowMs: number;
  /** `end_date` may be anything, for reports. */
  readonly hasAnyEnd?: boolean;
}

/** The draft of a document in either form; undefined when it is refused, which the findings tell. */
export function readForm(reading: FormReading, findings: Findings): Draft | undefined {
  const { value } = findings.document;
  if (value === null || (isMapping(value) && Object.keys(value).length === 0)) {
    findings.say([], 'is empty; expected providers, or incident_source for the short form');
    return undefined;
  }
  const isShort = valueAt(value, ['incident_source']) !== undefined;
  return isShort ? readShortForm(reading, findings) : readLongForm(reading.platforms, findings);
}

function readLongForm(platforms: readonly PlatformSettings[], findings: Findings): Draft | undefined {
  const form = parsePart(longForm(platforms), [], findings);
  if (form === undefined) return undefined;
  const sources = form.providers.flatMap((entry, index) => {
    const platform = platforms.find(({ type }) => type === entry.type);
    if (platform === undefined) return [];
    return [{ entry, platform, path: ['providers', index], name: entry.name ?? entry.type }];
  });
  const windows = form.windows.map((window, index) => ({ ...window, path: ['windows', index] }));
  return { settings: form, sources, historyMs: form.history, windows, timeRange: undefined };
}

function readShortForm({ platforms, nowMs, hasAnyEnd }: FormReading, findings: Findings): Draft | undefined {
  const type = valueAt(findings.document.value, ['incident_source']);
  const platform = platforms.find((one) => one.type === type);
  if (platform === undefined) {
    const types = listText(platforms.map((one) => one.type));
    findings.refuse(['incident_source'], `is not a known type; expected one of ${types}`);
    return undefined;
  }
  const form = parsePart(shortForm(platform, z.unknown().optional()), [], findings);
  const entry = parsePart(sectionSchema(platform).prefault({}), [platform.type], findings);
  if (form === undefined || entry === undefined) return undefined;
  const { start_date: start, end_date: end } = form.time_range;
  if (end !== 'now' && hasAnyEnd !== true) {
    findings.refuse(['time_range', 'end_date'], 'is not possible here; expected now');
    return undefined;
  }
  const largest = largestWindow(start, nowMs, findings);
  if (largest === undefined) return undefined;
  const smaller = DEFAULT_WINDOWS.map((name) => ({ name, ms: parseDuration(name) ?? 0 })).filter(
    ({ ms }) => ms < largest.ms,
  );
  const path = ['time_range', 'start_date'];
  const severityFilter = { path: ['severity_filter'], names: form.severity_filter };
  return {
    settings: form,
    sources: [{ entry, platform, path: [platform.type], name: platform.type, severityFilter }],
    historyMs: largest.ms + HISTORY_MARGIN_MS,
    windows: [...smaller, largest].map((window) => ({ ...window, path })),
    timeRange: { start, end },
  };
}

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const START_EXPECTED = 'expected a span such as 30d, or a day in the past such as 2026-01-31';

/** A span as it is written; a date reaches from now to its beginning (UTC), in whole days, rounded up so that it is inside. */
function largestWindow(start: string, nowMs: number, findings: Findings): WindowConfig | undefined {
  const path = ['time_range', 'start_date'];
  const spanMs = parseDuration(start);
  if (spanMs !== undefined && spanMs >= 1000 && spanMs <= DURATION_MAX_MS) return { name: start, ms: spanMs };
  const dayMs = DATE.test(start) ? Date.parse(`${start}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(start);
  const days = Math.ceil((nowMs - dayMs) / DAY_MS);
  if (isDay && days > 0) return { name: `${days}d`, ms: days * DAY_MS };
  findings.refuse(path, `is not a start; ${START_EXPECTED}`);
  return undefined;
}
