import type { Signal } from '../../model/incident.ts';

/** An alarm's name is unique within its region; together they are the subject of its signals. */
export interface AlarmId {
  readonly region: string;
  readonly name: string;
}

/** The subject of an alarm's signals: `<region>/<alarm name>`. */
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
  return `https://${consoleHost(region)}/cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`;
}

function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  if (region.startsWith('us-gov-')) return 'console.amazonaws-us-gov.com';
  return `${region}.console.aws.amazon.com`;
}

/** Not a state of the platform: the alarm was found to be gone. What it was doing then never ends. */
export const DELETED = 'DELETED';

/** A signal's id tells the whole change, so that an item which is shown twice is one signal. */
export function toSignal(change: { subject: string; atMs: number; from?: string | undefined; to: string }): Signal {
  const { subject, atMs, from = '', to } = change;
  return { subject, id: `${atMs}:${from}>${to}`, atMs, kind: to };
}

/** The state before the change; empty when it is not known. */
export function parsePreviousState({ id }: Pick<Signal, 'id'>): string {
  return id.slice(id.indexOf(':') + 1, id.indexOf('>'));
}

/** The account whose alarms these are, as history tells none: learnt from the ARNs of each poll's own answers. */
export interface AlarmAccount {
  /** `<partition>:<account>`, for the cursor. */
  text(): string | undefined;
  learn(arns: readonly string[]): void;
  /** Learns from what `ask` gives, unless this poll has learnt the account or asked in the region before. */
  ensureKnown(region: string, ask: () => Promise<readonly string[]>): Promise<void>;
  /** This poll was told of at least one alarm; without any there is none whose tags could be read. */
  isConfirmed(): boolean;
  /** The alarm's ARN, that of a deleted one too; undefined while no account was ever known. */
  toArn(place: AlarmId): string | undefined;
}

const ALARM_ARN = /^arn:([^:]+):cloudwatch:[^:]*:([^:]+):alarm:/;

/** The account of one poll; `before` is the text of that of the last one, for deleted alarms where no others are left. */
export function createAlarmAccount(before: string | undefined): AlarmAccount {
  let learnt: string | undefined;
  const asked = new Set<string>();

  function learn(arns: readonly string[]): void {
    for (const arn of arns) {
      const [, partition, number] = ALARM_ARN.exec(arn) ?? [];
      if (partition !== undefined && number !== undefined) learnt ??= `${partition}:${number}`;
    }
  }

  return {
    text: () => learnt ?? before,
    learn,
    async ensureKnown(region, ask) {
      if (learnt !== undefined || asked.has(region)) return;
      asked.add(region);
      learn(await ask());
    },
    isConfirmed: () => learnt !== undefined,
    toArn({ region, name }) {
      const [partition, number] = (learnt ?? before)?.split(':') ?? [];
      return number === undefined ? undefined : `arn:${partition}:cloudwatch:${region}:${number}:alarm:${name}`;
    },
  };
}
