import type { SimulatedIncident, World } from './world.ts';

/** One outage as it is told in a line of a file. */
export interface Outage {
  readonly id: string;
  readonly service: string;
  /** In the words of the file; becomes the name of the priority. */
  readonly severity: string;
  readonly triggeredAtMs: number;
  /** Absent while it is open. */
  readonly resolvedAtMs: number | undefined;
}

/** A file of outages cannot be used; the message names the file, the line and what was expected. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * The outages of a file: one JSON object a line with id, service, severity, triggeredAt and resolvedAt (null while open).
 * Empty lines and other fields are passed over. Throws a ReplayError at the first line that tells anything else.
 */
export function readOutages(text: string, filename: string): Outage[] {
  const lineOf = new Map<string, number>();
  const outages: Outage[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place: Place = { filename, lineNumber: index + 1 };
    const outage = outageOf(place, line);
    const earlier = lineOf.get(outage.id);
    if (earlier !== undefined) {
      throw wrong(place, `id ${shown(outage.id)} stands on line ${earlier} too: expected an id of its own`);
    }
    lineOf.set(outage.id, place.lineNumber);
    outages.push(outage);
  }
  return outages;
}

/** The outages as incidents of PagerDuty at their own times: each is known to the monitoring alone and nobody answers it. */
export function replayWorld(outages: readonly Outage[]): World {
  const services = new Map<string, SimulatedIncident['service']>();
  const incidents = outages.map((outage): SimulatedIncident => {
    const { id, service: name, severity, triggeredAtMs, resolvedAtMs } = outage;
    const service = services.get(name) ?? { id: `PSVC${String(services.size + 1).padStart(4, '0')}`, name };
    services.set(name, service);
    return {
      id,
      title: `${name} is down`,
      service,
      priority: severity,
      urgency: 'high',
      triggeredAtMs,
      events: resolvedAtMs === undefined ? [] : [{ kind: 'resolve', atMs: resolvedAtMs, by: 'integration' }],
    };
  });
  return { incidents, alarms: [] };
}

/** The world of a file of outages, all moved by the same time so that the last thing that happens in it happens at `nowMs`. */
export function readReplay(text: string, filename: string, nowMs: number): World {
  const outages = readOutages(text, filename);
  if (outages.length === 0) throw new ReplayError(`${filename}: no outages: expected one JSON object a line`);
  const lastMs = outages.reduce(
    (last, { triggeredAtMs, resolvedAtMs = triggeredAtMs }) => Math.max(last, resolvedAtMs),
    0,
  );
  const byMs = nowMs - lastMs;
  return replayWorld(outages.map((outage) => moved(outage, byMs)));
}

function moved({ triggeredAtMs, resolvedAtMs, ...rest }: Outage, byMs: number): Outage {
  return {
    ...rest,
    triggeredAtMs: triggeredAtMs + byMs,
    resolvedAtMs: resolvedAtMs === undefined ? undefined : resolvedAtMs + byMs,
  };
}

interface Place {
  readonly filename: string;
  readonly lineNumber: number;
}

function wrong({ filename, lineNumber }: Place, text: string): ReplayError {
  return new ReplayError(`${filename}:${lineNumber}: ${text}`);
}

function outageOf(place: Place, line: string): Outage {
  const told = objectOf(place, line);
  const outage = {
    id: textOf(place, told, 'id'),
    service: textOf(place, told, 'service'),
    severity: textOf(place, told, 'severity'),
    triggeredAtMs: instantOf(place, told, 'triggeredAt'),
    resolvedAtMs: told.get('resolvedAt') === null ? undefined : instantOf(place, told, 'resolvedAt'),
  };
  if (outage.resolvedAtMs !== undefined && outage.resolvedAtMs < outage.triggeredAtMs) {
    const [from, to] = ['triggeredAt', 'resolvedAt'].map((field) => shown(told.get(field)));
    throw wrong(place, `resolvedAt ${to} is before triggeredAt ${from}: expected the same instant or a later one`);
  }
  return outage;
}

function objectOf(place: Place, line: string): ReadonlyMap<string, unknown> {
  const value = parsed(place, line);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  throw wrong(place, `expected a JSON object, got ${shown(value)}`);
}

function parsed(place: Place, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw wrong(place, `not JSON: expected one object a line, got ${shown(line.trim())}`);
  }
}

function textOf(place: Place, told: ReadonlyMap<string, unknown>, field: string): string {
  const value = told.get(field);
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw wrong(place, `${said(field, value)}: expected a text that is not empty`);
}

/** An instant needs its zone: without one it would mean something else on each machine. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const EXPECTED = {
  triggeredAt: 'expected an instant such as 2026-08-21T09:30:00Z',
  resolvedAt: 'expected an instant such as 2026-08-21T09:30:00Z, or null while it is open',
} as const;

function instantOf(place: Place, told: ReadonlyMap<string, unknown>, field: keyof typeof EXPECTED): number {
  const value = told.get(field);
  const ms = typeof value === 'string' && isInstant(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw wrong(place, `${said(field, value)}: ${EXPECTED[field]}`);
  return ms;
}

function isInstant(text: string): boolean {
  const midnightMs = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  // Date.parse takes the 31st of February for a day in March.
  return (
    INSTANT.test(text) && !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(text.slice(0, 10))
  );
}

function said(field: string, value: unknown): string {
  return value === undefined ? `${field} is missing` : `${field} is ${shown(value)}`;
}

/** So much of a wrong value is shown. */
const SHOWN_MAX = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
