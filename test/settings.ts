import type { ProviderConfig, SeverityConfig } from '../src/config/types.ts';
import type { StatisticsChoice } from '../src/stats/rows.ts';

const MINUTE_MS = 60_000;

function severity(name: string, aliases: readonly string[], targetMinutes?: number): SeverityConfig {
  return {
    name,
    title: undefined,
    aliases,
    words: [name.toLowerCase(), ...aliases.map((alias) => alias.replace('-', ''))],
    targetMs: targetMinutes === undefined ? undefined : targetMinutes * MINUTE_MS,
    rank: Number(name.slice(1)) - 1,
    stageTargetsMs: {},
    objective: targetMinutes === undefined ? undefined : 0.9,
  };
}

/** The built-in severities. */
export const severities: readonly SeverityConfig[] = [
  severity('P1', ['p1', 'sev1', 'sev-1', 'critical'], 30),
  severity('P2', ['p2', 'sev2', 'sev-2', 'high'], 120),
  severity('P3', ['p3', 'sev3', 'sev-3', 'medium'], 480),
  severity('P4', ['p4', 'sev4', 'sev-4', 'low'], 1440),
  severity('P5', ['p5', 'sev5', 'sev-5', 'info']),
];

/** A provider with every default, but for what is given. */
export function providerConfig(change: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name: 'pagerduty',
    type: 'pagerduty',
    baseUrl: undefined,
    pollIntervalMs: MINUTE_MS,
    rateLimit: { requests: 900, perMs: MINUTE_MS },
    timeoutMs: 30_000,
    proxyUrl: undefined,
    caFile: undefined,
    overall: true,
    recoveryLimits: undefined,
    deployments: undefined,
    severity: { from: ['priority', 'urgency'], tag: undefined, map: new Map(), default: 'P3' },
    services: { tag: undefined, rename: [] },
    filter: { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 },
    settings: {},
    ...change,
  };
}

/** What decides which statistics there are, by default. */
export const defaultChoice: StatisticsChoice = {
  detail: 'standard',
  severities: severities.map((one) => ({ ...one, stageTargetsMs: one.name === 'P5' ? {} : { acknowledgement: 1 } })),
};

/** The same with everything configured that brings statistics. */
export const everyChoice: StatisticsChoice = {
  detail: 'standard',
  severities: severities.map((one) => ({
    ...one,
    stageTargetsMs: { detection: 1, acknowledgement: 1, identification: 1, mitigation: 1 },
  })),
  availability: { severities: severities.map(({ name }) => name), objective: 0.999 },
  businessHours: { timezone: 'UTC', days: [1], fromMinute: 540, toMinute: 1020, holidays: [] },
};
