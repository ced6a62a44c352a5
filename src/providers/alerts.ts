import type { PlatformSettings, RecoveryLimits } from '../config/types.ts';
import type { Incident } from '../model/incident.ts';
import { applySources, type SourceConfig, sourcesKey } from './sources.ts';

/** The labels of an alert as Prometheus and Alertmanager send them. */
export type Labels = Readonly<Record<string, string>>;

const FNV_OFFSET = 14_695_981_039_346_656_037n;
const FNV_PRIME = 1_099_511_628_211n;
/** Ends each name and each value; no UTF-8 text holds this byte. */
const SEPARATOR = 255;

/**
 * The identity of a set of labels: the same 16 hexadecimal digits that Prometheus and Alertmanager call its fingerprint
 * (FNV-1a over the sorted pairs, github.com/prometheus/common, model/signature.go).
 */
export function fingerprintLabels(labels: Labels): string {
  let sum = FNV_OFFSET;
  const add = (byte: number) => {
    sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * FNV_PRIME);
  };
  const pairs = Object.entries(labels).filter(([, value]) => value !== '');
  for (const [name, value] of pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const text of [name, value]) {
      for (const byte of Buffer.from(text, 'utf8')) add(byte);
      add(SEPARATOR);
    }
  }
  return sum.toString(16).padStart(16, '0');
}

/** The identity of an incident: one alert begins at most once at a time. */
export function toAlertId(subject: string, startedAtMs: number): string {
  return `${subject}@${startedAtMs}`;
}

/** What an incident takes from the labels of its alert. */
export type LabelledFields = Pick<Incident, 'title' | 'serviceId' | 'serviceName' | 'team' | 'severity'>;

/** An e-mail address names a person. */
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * Title, service, team and severity from the labels that the configuration names, `service`, `team_label` and `severity`
 * where it names none; no other label is kept.
 */
export function readAlertLabels(labels: Labels, config: SourceConfig, teamLabel: string): LabelledFields {
  const own = (name: string) => {
    const value = labels[name]?.trim() ?? '';
    return value === '' || ADDRESS.test(value) ? undefined : value;
  };
  const service = own(config.services.tag ?? 'service') ?? '';
  const severity = config.severity.from.some((source) => source.startsWith('label:'))
    ? undefined
    : own(config.severity.tag ?? 'severity');
  const record = {
    serviceId: service,
    serviceName: service,
    team: own(teamLabel),
    severity: severity === undefined ? {} : { tag: severity },
    tags: labels,
  };
  const { serviceId, serviceName, team, severity: found } = applySources(record, undefined, config);
  return { title: labels['alertname'] ?? 'alert without a name', serviceId, serviceName, team, severity: found };
}

/** What the stored fields depend on: when it changes, they are read again. */
export function labelsKey(config: SourceConfig, teamLabel: string): string[] {
  return [...sourcesKey(config), config.severity.tag ?? '', config.services.tag ?? '', teamLabel];
}

/** How alerts name what their labels hold. */
export const alertSources: Pick<PlatformSettings, 'sources'> = { sources: ['label'] };

/** Why an alert of this length is in no statistic. */
export function findExclusion(
  recoveryMs: number,
  { openWindowMs, flakyBelowMs }: RecoveryLimits,
): Incident['exclusion'] {
  if (openWindowMs !== undefined && recoveryMs > openWindowMs) return 'expired';
  return recoveryMs < flakyBelowMs ? 'flaky' : undefined;
}
