import { formatPath, type Path } from './object-path.ts';

/** Longer values are cut in messages. */
const DISPLAY_LENGTH_MAX = 60;

/** One thing that is wrong with a configuration. No field ever contains a secret. */
export interface Problem {
  readonly path: Path;
  /** How the path is displayed, where its last key could contain a secret. */
  readonly displayPath?: Path | undefined;
  /** What is wrong: the rest of a sentence about the path. */
  readonly message: string;
  readonly expected?: string | undefined;
  /** The word that was probably meant. */
  readonly suggestion?: string | undefined;
}

/** The configuration cannot be used; the message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** A configuration before validation: its values, and how to refer to them without revealing a secret. */
export interface ConfigDocument {
  /** The tree with its variables expanded. */
  readonly value: unknown;
  /** The value at `path` as it is in the file, variables unexpanded; undefined where nobody may read it. */
  rawValue(path: Path): unknown;
  /** `file:line:column` of the path. */
  location(path: Path): string;
  /** Offset of the path in the file, for sorting. */
  offset(path: Path): number;
}

/** `path (file:line:column): what is wrong; expected …`: the one place that words problems. */
export function formatProblem(problem: Problem, location: string): string {
  const { path, displayPath = path, message, expected, suggestion } = problem;
  const name = formatPath(displayPath);
  const subject = name === '' ? location : `${name} (${location})`;
  const hint = suggestion === undefined ? undefined : `did you mean ${suggestion}?`;
  const advice = hint ?? (expected === undefined ? undefined : `expected ${expected}`);
  return `${subject}: ${[message, advice].filter((part) => part !== undefined).join('; ')}`;
}

/** Collects everything that is wrong, so that one run reports all of it. */
export interface Diagnostics {
  readonly document: ConfigDocument;
  error(problem: Problem): void;
  /** An error whose message begins with the value at the path, as it is in the file. */
  invalidValue(problem: Problem): void;
  /** Something that works, but hardly as intended. */
  warn(problem: Problem): void;
  /** The value at `path` for messages: variables unexpanded, secrets hidden. */
  displayValue(path: Path): string;
  isSecret(path: Path): boolean;
  /** Throws ConfigError, in the order of the file, when there is any error. */
  throwIfAny(): void;
  warnings(): string[];
}

/** `secrets` are the keys whose values are never displayed. */
export function createDiagnostics(document: ConfigDocument, secrets: ReadonlySet<string>): Diagnostics {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const toLines = (problems: readonly Problem[]) =>
    problems
      .toSorted((a, b) => document.offset(a.path) - document.offset(b.path))
      .map((problem) => formatProblem(problem, document.location(problem.path)));
  const isSecret = (path: Path) => path.some((step) => typeof step === 'string' && secrets.has(step));
  const displayValue = (path: Path) => {
    const raw = document.rawValue(path);
    return isSecret(path) || raw === undefined ? 'the value' : formatValue(raw);
  };
  return {
    document,
    displayValue,
    isSecret,
    error: (problem) => errors.push(problem),
    invalidValue: (problem) => errors.push({ ...problem, message: `${displayValue(problem.path)} ${problem.message}` }),
    warn: (problem) => warnings.push(problem),
    throwIfAny: () => {
      if (errors.length > 0) throw new ConfigError(toLines(errors));
    },
    warnings: () => toLines(warnings),
  };
}

function formatValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'a mapping';
  return JSON.stringify(value.length > DISPLAY_LENGTH_MAX ? `${value.slice(0, DISPLAY_LENGTH_MAX)}…` : value);
}
