/** What is wrong with one field of a question, in parts. */
export interface InputProblem {
  /** Undefined where no single field is wrong. */
  readonly field?: string | undefined;
  /** As it was given; absent where the field's presence is what is wrong. */
  readonly value?: string | undefined;
  /** What is wrong: `is not a time`. */
  readonly problem: string;
  /** What to give instead: `now, or a day such as 2026-01-31`. */
  readonly expected?: string | undefined;
}

/** Longest value that a message repeats, in characters. */
const VALUE_LENGTH_MAX = 60;

/**
 * A request of a person or a program that cannot be answered as it is. Each surface names the field in its own way:
 * `--from` on the command line, `from` among the parameters of the API.
 */
export class InputError extends Error implements InputProblem {
  override readonly name = 'InputError';
  readonly field: string | undefined;
  readonly value: string | undefined;
  readonly problem: string;
  readonly expected: string | undefined;
  /** One line that follows the name of the field: what is wrong, what was expected. */
  readonly reason: string;

  constructor({ field, value, problem, expected }: InputProblem) {
    const reason = `${value === undefined ? '' : `${quote(value)} `}${problem}${expected === undefined ? '' : `; expected ${expected}`}`;
    super(field === undefined ? reason : `${field}: ${reason}`);
    this.field = field;
    this.value = value;
    this.problem = problem;
    this.expected = expected;
    this.reason = reason;
  }
}

/** What was given may be anything; a message stays one line. */
function quote(text: string): string {
  return JSON.stringify(text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text);
}
