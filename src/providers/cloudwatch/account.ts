import type { AlarmPlace } from './subject.ts';

/** The account whose alarms these are; learnt from the first ARN, as history tells none. */
export interface Account {
  /** `<partition>:<account>`, for the cursor. */
  text(): string | undefined;
  learn(arns: readonly string[]): void;
  /** Learns from what `ask` gives, unless the account is known or the region was asked before. */
  learnIn(region: string, ask: () => Promise<readonly string[]>): Promise<void>;
  /** The alarm's ARN, that of a deleted one too; undefined while the account is unknown. */
  arnOf(place: AlarmPlace): string | undefined;
}

const ALARM_ARN = /^arn:([^:]+):cloudwatch:[^:]*:([^:]+):alarm:/;

/** An account, known already when `known` is the text of one. */
export function createAccount(known: string | undefined): Account {
  let account = known;
  const asked = new Set<string>();

  function learn(arns: readonly string[]): void {
    for (const arn of arns) {
      const [, partition, number] = ALARM_ARN.exec(arn) ?? [];
      if (partition !== undefined && number !== undefined) account ??= `${partition}:${number}`;
    }
  }

  return {
    text: () => account,
    learn,
    async learnIn(region, ask) {
      if (account !== undefined || asked.has(region)) return;
      asked.add(region);
      learn(await ask());
    },
    arnOf({ region, name }) {
      const [partition, number] = account?.split(':') ?? [];
      return number === undefined ? undefined : `arn:${partition}:cloudwatch:${region}:${number}:alarm:${name}`;
    },
  };
}
