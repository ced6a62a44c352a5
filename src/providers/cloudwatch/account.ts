import type { AlarmPlace } from './subject.ts';

/** The account whose alarms these are, as history tells none: learnt from the ARNs of each poll's own answers. */
export interface Account {
  /** `<partition>:<account>`, for the cursor. */
  text(): string | undefined;
  learn(arns: readonly string[]): void;
  /** Learns from what `ask` gives, unless this poll has learnt the account or asked in the region before. */
  learnIn(region: string, ask: () => Promise<readonly string[]>): Promise<void>;
  /** This poll was told of at least one alarm; without any there is none whose tags could be read. */
  isLearnt(): boolean;
  /** The alarm's ARN, that of a deleted one too; undefined while no account was ever known. */
  arnOf(place: AlarmPlace): string | undefined;
}

const ALARM_ARN = /^arn:([^:]+):cloudwatch:[^:]*:([^:]+):alarm:/;

/** The account of one poll; `before` is the text of that of the last one, for deleted alarms where no others are left. */
export function createAccount(before: string | undefined): Account {
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
    async learnIn(region, ask) {
      if (learnt !== undefined || asked.has(region)) return;
      asked.add(region);
      learn(await ask());
    },
    isLearnt: () => learnt !== undefined,
    arnOf({ region, name }) {
      const [partition, number] = (learnt ?? before)?.split(':') ?? [];
      return number === undefined ? undefined : `arn:${partition}:cloudwatch:${region}:${number}:alarm:${name}`;
    },
  };
}
