import type { ProviderConfig, RecoveryLimits } from '../config/types.ts';
import type { Incident } from '../model/incident.ts';

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
export function readAlertLabels(labels: Labels, config: ProviderConfig, teamLabel: string): LabelledFields {
  const severity = firstLabel(labels, config.severity.from, 'severity');
  const service = firstLabel(labels, config.services.from, 'service') ?? '';
  return {
    title: labels['alertname'] ?? 'alert without a name',
    serviceId: service,
    serviceName: service,
    team: firstLabel(labels, config.team?.from, teamLabel),
    severity: severity === undefined ? {} : { tag: severity },
  };
}

/** What the stored fields depend on: when it changes, they are read again. */
export function labelsKey(config: Pick<ProviderConfig, 'severity' | 'services'>, teamLabel: string): string[] {
  return [...config.severity.from, teamLabel];
}

function firstLabel(labels: Labels, from: readonly string[] | undefined, own: string): string | undefined {
  const named = (from ?? []).flatMap((source) => (source.startsWith('label:') ? [source.slice('label:'.length)] : []));
  const values = (named.length === 0 ? [own] : named).map((name) => labels[name]?.trim());
  return values.find((value) => value !== undefined && value !== '' && !ADDRESS.test(value));
}

/** How alerts name what their labels hold. */
export const alertSources = { sources: ['label'] as const };

/** Why an alert of this length is in no statistic. */
export function findExclusion(
  recoveryMs: number,
  { openWindowMs, flakyBelowMs }: RecoveryLimits,
): Incident['exclusion'] {
  if (openWindowMs !== undefined && recoveryMs > openWindowMs) return 'expired';
  return recoveryMs < flakyBelowMs ? 'flaky' : undefined;
}
