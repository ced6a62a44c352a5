import type {
  OpenIncident,
  ProviderStatus,
  ServiceStats,
  SeverityStats,
  StatusView,
  WindowStats,
} from '../../src/server/status-page/view.ts';
import { viewWith } from './serving.ts';

export const NOW_MS = Date.UTC(2026, 10, 21, 9);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const NO_STATS: WindowStats = {
  mttrMinutes: undefined,
  medianMinutes: undefined,
  p95Minutes: undefined,
  baselineMinutes: undefined,
  withinTarget: undefined,
  incidentFree: undefined,
  availability: undefined,
  errorBudgetMinutes: undefined,
  opened: 0,
  resolved: 0,
  level: undefined,
};

export const PROVIDER: ProviderStatus = {
  name: 'pagerduty',
  type: 'pagerduty',
  state: 'up',
  error: undefined,
  synced: true,
  lastSuccessAtMs: Date.UTC(2026, 10, 21, 8, 30),
  countingSinceMs: Date.UTC(2026, 0, 2),
  allowance: { left: 880, requests: 900, perMs: MINUTE_MS },
  heldIncidents: 1240,
  openIncidents: 3,
  resolvedIncidents: 1234,
  waitingRecords: 2,
  rejectedRecords: 5,
  unmappedSeverities: [],
};

export function service(name: string, figures: Partial<ServiceStats> = {}): ServiceStats {
  return { ...NO_STATS, name, openNow: 0, ...figures };
}

export function severity(name: string, figures: Partial<SeverityStats> = {}): SeverityStats {
  return { ...NO_STATS, name, title: undefined, targetMinutes: 30, objective: 0.9, openNow: 0, ...figures };
}

export function openIncident(id: string, changes: Partial<OpenIncident> = {}): OpenIncident {
  return {
    provider: 'pagerduty',
    id,
    url: `https://example.com/incidents/${id}`,
    service: 'checkout',
    severity: 'P1',
    status: 'triggered',
    triggeredAtMs: NOW_MS - HOUR_MS,
    dueAtMs: (changes.triggeredAtMs ?? NOW_MS - HOUR_MS) + 30 * MINUTE_MS,
    ...changes,
  };
}

const SERVICES = ['checkout', 'search', 'payments', 'login', 'catalogue', 'mail', 'Zürich <depot>'];

/** A page on which every part has something to show, things that are not there among them. */
export function wholeView(changes: Partial<StatusView> = {}): StatusView {
  const figures = {
    resolved: 47,
    opened: 50,
    medianMinutes: 87.5,
    p95Minutes: 610,
    baselineMinutes: 120,
    incidentFree: 0.9312,
  };
  return viewWith({
    nowMs: NOW_MS,
    uptimeMs: 93_784_000,
    issues: [
      { kind: 'notice', text: 'opsgenie: the first sync is not complete.' },
      { kind: 'problem', text: 'aws is down: 403 Forbidden' },
    ],
    overall: {
      ...NO_STATS,
      ...figures,
      mttrMinutes: 145.3333333333333,
      withinTarget: 0.8297872340425532,
      level: 'high',
    },
    severities: [
      severity('P1', {
        ...figures,
        title: 'Critical',
        mttrMinutes: 45.2,
        withinTarget: 0.625,
        level: 'elite',
        openNow: 1,
      }),
      severity('P2', { ...figures, mttrMinutes: 80, targetMinutes: 120, withinTarget: 1, level: 'high' }),
      severity('P5', { targetMinutes: undefined, objective: undefined }),
    ],
    services: SERVICES.map((name, at) =>
      at === 3
        ? service(name)
        : service(name, { ...figures, resolved: 40 - at, mttrMinutes: 20 + ((at * 37) % 50), openNow: at % 2 }),
    ),
    trend: ['All incidents', 'P1'].map((name, at) => ({
      name,
      targetMinutes: at === 0 ? undefined : 30,
      points: Array.from({ length: 60 }, (_, day) => ({
        atMs: NOW_MS - (60 - day) * DAY_MS,
        mttrMinutes: day < 5 ? undefined : 60 + 40 * Math.sin(day / 9 + at) + day / 3,
        resolved: day < 5 ? 0 : 30 + (day % 7),
      })),
    })),
    open: {
      oldest: [
        openIncident('Q1', { triggeredAtMs: NOW_MS - 50 * HOUR_MS, severity: 'P5', dueAtMs: undefined }),
        openIncident('Q2', { status: 'acknowledged' }),
        openIncident('eu-west-1/cpu@1', { provider: 'aws', url: undefined, triggeredAtMs: NOW_MS - 10 * MINUTE_MS }),
      ],
      total: 3,
    },
    providers: [
      PROVIDER,
      {
        ...PROVIDER,
        name: 'aws',
        type: 'cloudwatch',
        state: 'down',
        error: '403 Forbidden',
        unmappedSeverities: ['urgent', 'whatever'],
      },
      {
        ...PROVIDER,
        name: 'opsgenie',
        type: 'opsgenie',
        state: 'first sync',
        synced: false,
        lastSuccessAtMs: undefined,
      },
    ],
    ...changes,
  });
}
