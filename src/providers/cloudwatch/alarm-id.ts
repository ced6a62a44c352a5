import type { StateChange } from '../../model/incident.ts';

/** A name is unique within a region, so the two together identify an alarm. */
export interface AlarmId {
  readonly region: string;
  readonly name: string;
}

/** The subject of an alarm's state changes: `<region>/<alarm name>`. */
export function toSubject({ region, name }: AlarmId): string {
  return `${region}/${name}`;
}

/** The region and name of a subject; names may hold slashes, regions never do. */
export function parseSubject(subject: string): AlarmId {
  const slash = subject.indexOf('/');
  return { region: subject.slice(0, slash), name: subject.slice(slash + 1) };
}

/** An incident's id: `<region>/<alarm name>@<milliseconds of its anchor>`. */
export function toIncidentId(subject: string, anchorMs: number): string {
  return `${subject}@${anchorMs}`;
}

/** The subject of an incident's id; names may hold `@` too, so the last one counts. */
export function parseIncidentSubject(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}

/** The alarm's page in the console of its partition. */
export function toConsoleUrl({ region, name }: AlarmId): string {
  return `https://${toConsoleHost(region)}/cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`;
}

function toConsoleHost(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  if (region.startsWith('us-gov-')) return 'console.amazonaws-us-gov.com';
  return `${region}.console.aws.amazon.com`;
}

/** Our own state, unknown to the platform: the alarm no longer exists, so its open incident never ends. */
export const DELETED = 'DELETED';

/** The id of a signal contains the whole change, so an item that the platform lists twice becomes one signal. */
export function toSignal(change: {
  subject: string;
  atMs: number;
  from?: string | undefined;
  to: string;
}): StateChange {
  const { subject, atMs, from = '', to } = change;
  return { subject, id: `${atMs}:${from}>${to}`, atMs, kind: to };
}

/** The state before the change; empty when it is not known. */
export function parsePreviousState({ id }: Pick<StateChange, 'id'>): string {
  return id.slice(id.indexOf(':') + 1, id.indexOf('>'));
}

/** The account of the alarms. History does not contain it, so each poll takes it from the ARNs in its own responses. */
export interface AlarmAccount {
  /** `<partition>:<account>`, for the cursor. */
  toText(): string | undefined;
  recordArns(arns: readonly string[]): void;
  /** Records the ARNs that `list` returns, unless this poll knows the account or has listed this region before. */
  ensureKnown(region: string, list: () => Promise<readonly string[]>): Promise<void>;
  /** True when this poll has seen at least one alarm; without one there are no tags to read. */
  isConfirmed(): boolean;
  /** The ARN of an alarm, which may be deleted; undefined while the account is unknown. */
  toArn(alarm: AlarmId): string | undefined;
}

const ALARM_ARN = /^arn:([^:]+):cloudwatch:[^:]*:([^:]+):alarm:/;

/** The account of one poll. `before` is the text of the last poll's account, needed for deleted alarms when no others are left. */
export function createAlarmAccount(before: string | undefined): AlarmAccount {
  let confirmed: string | undefined;
  const listedRegions = new Set<string>();

  function recordArns(arns: readonly string[]): void {
    for (const arn of arns) {
      const [, partition, number] = ALARM_ARN.exec(arn) ?? [];
      if (partition !== undefined && number !== undefined) confirmed ??= `${partition}:${number}`;
    }
  }

  return {
    toText: () => confirmed ?? before,
    recordArns,
    async ensureKnown(region, list) {
      if (confirmed !== undefined || listedRegions.has(region)) return;
      listedRegions.add(region);
      recordArns(await list());
    },
    isConfirmed: () => confirmed !== undefined,
    toArn({ region, name }) {
      const [partition, number] = (confirmed ?? before)?.split(':') ?? [];
      return number === undefined ? undefined : `arn:${partition}:cloudwatch:${region}:${number}:alarm:${name}`;
    },
  };
}
