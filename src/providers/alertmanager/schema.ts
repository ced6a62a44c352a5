import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Rejection } from '../../model/incident.ts';
import { InputError } from '../../model/input-error.ts';
import { fingerprintLabels, type Labels } from '../alerts.ts';
import { explain, timestamp } from '../answers.ts';

/** What Alertmanager says of one alert, in a notification or in a reading. */
export interface Alert {
  /** The same for every alert with these labels. */
  readonly subject: string;
  readonly startsAtMs: number;
  /** Absent while it fires. */
  readonly end?: { readonly atMs: number } | undefined;
  readonly labels: Labels;
  readonly url: string | undefined;
}

/** A parsed list of alerts, and those that could not be taken. */
export interface Alerts {
  readonly alerts: readonly Alert[];
  readonly rejected: readonly Rejection[];
}

/** The body of a notification. */
export interface Notification extends Alerts {
  /** Alerts that Alertmanager left out because of `max_alerts`. */
  readonly truncated: number;
}

/** Go's zero time is the year 1, and no alert is older than Unix time. */
const isUnset = (ms: number | undefined) => ms === undefined || ms <= 0;

const AlertFields = z.object({
  labels: z.record(z.string(), z.string()),
  startsAt: timestamp,
  fingerprint: z.string().optional(),
  generatorURL: z.string().optional(),
});

const NotifiedAlert = AlertFields.extend({ status: z.enum(['firing', 'resolved']), endsAt: timestamp.optional() });

const Message = z.object({
  version: z.literal('4'),
  alerts: z.array(z.unknown()),
  truncatedAlerts: z.int().min(0).default(0),
});

const EXPECTED = 'the JSON of an Alertmanager webhook, version "4", without a payload of your own';

/** Parses the body of a `webhook_config`; throws `InputError` for anything but version 4. */
export function parseNotification(body: unknown): Notification {
  const message = Message.safeParse(body);
  if (!message.success) {
    const field = message.error.issues[0]?.path.map(String).join('.') || undefined;
    throw new InputError({ field, problem: 'is no notification of Alertmanager', expected: EXPECTED });
  }
  const { alerts: records, truncatedAlerts: truncated } = message.data;
  const parsed = parseAlerts(records, (record) => {
    const { status, endsAt, ...fields } = NotifiedAlert.parse(record);
    // A firing alert may have an end too: the time at which it would end if nobody sent it again.
    return toAlert(fields, status === 'resolved' ? { atMs: endsAt } : undefined, record);
  });
  if (parsed.alerts.length === 0 && parsed.rejected.length > 1 && parsed.rejected.every(isMalformed)) {
    throw new InputError({ field: 'alerts', problem: 'are all unreadable', expected: EXPECTED });
  }
  return { ...parsed, truncated };
}

/** Parses the answer of `GET /api/v2/alerts`, whose alerts all fire; throws when it is no list of alerts. */
export function parseReading(body: unknown): Alerts {
  const list = z.array(z.unknown()).safeParse(body);
  if (!list.success) throw new Error('GET /api/v2/alerts: the answer has another shape: expected a list of alerts');
  const parsed = parseAlerts(list.data, (record) => toAlert(AlertFields.parse(record), undefined, record));
  if (parsed.alerts.length === 0 && parsed.rejected.length > 1) {
    throw new Error(`GET /api/v2/alerts: no alert has the expected shape: ${parsed.rejected[0]?.detail}`);
  }
  return parsed;
}

function isMalformed({ reason }: Rejection): boolean {
  return reason === 'malformed';
}

function parseAlerts(records: readonly unknown[], parse: (record: unknown) => Alert | Rejection): Alerts {
  const alerts: Alert[] = [];
  const rejected: Rejection[] = [];
  for (const record of records) {
    const alert = parseOne(record, parse);
    if ('reason' in alert) rejected.push(alert);
    else alerts.push(alert);
  }
  return { alerts, rejected };
}

function parseOne(record: unknown, parse: (record: unknown) => Alert | Rejection): Alert | Rejection {
  try {
    return parse(record);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return reject(record, 'malformed', explain(error));
  }
}

function toAlert(
  { labels, startsAt, fingerprint, generatorURL }: z.output<typeof AlertFields>,
  end: { readonly atMs: number | undefined } | undefined,
  record: unknown,
): Alert | Rejection {
  if (isUnset(startsAt)) return reject(record, 'start_unknown', 'startsAt is the zero time');
  const alert = {
    subject: fingerprint || fingerprintLabels(labels),
    startsAtMs: startsAt,
    labels,
    url: generatorURL,
  };
  if (end === undefined) return alert;
  const { atMs } = end;
  if (atMs === undefined || isUnset(atMs))
    return reject(record, 'end_unknown', 'resolved, but endsAt is the zero time');
  return { ...alert, end: { atMs } };
}

/** Without an id: nobody can be asked for it again. */
function reject(record: unknown, reason: Rejection['reason'], detail: string): Rejection {
  const key = createHash('sha256')
    .update(JSON.stringify(record) ?? 'undefined')
    .digest('hex');
  return { key, reason, detail };
}
