/** Keys and list positions from the top of the configuration. */
export type Path = readonly (string | number)[];

/** One thing that is wrong, and where. */
export interface Problem {
  readonly path: Path;
  /** How the path is shown, where it could hold more than a key. */
  readonly shownPath?: Path;
  /** What is wrong and what was expected; never a secret. */
  readonly text: string;
}

/** The configuration cannot be used; the message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** The path as people write it: `providers[0].services.rename["Checkout (prod)"]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN_KEY.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** `us`, `us or eu`, `a, b or c`. */
export function listText(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
