import type { Document } from './document.ts';
import { ConfigError, type Path, type Problem } from './problems.ts';

/** Longer values are cut in messages. */
const SHOWN_LENGTH_MAX = 60;

/** Collects what is wrong, so that one run tells everything. */
export interface Findings {
  readonly document: Document;
  /** A problem in words of its own. */
  say(path: Path, text: string, shownPath?: Path): void;
  /** A problem that begins with the value at `path`, as it is written in the file. */
  refuse(path: Path, text: string): void;
  /** Something that works, but hardly as wanted. */
  warn(path: Path, text: string): void;
  /** The value at `path` as it may be shown: variables unexpanded, secrets not at all. */
  shown(path: Path): string;
  /** The value at `path` is a secret. */
  isSecret(path: Path): boolean;
  /** Throws ConfigError, in the order of the file, when there is any problem. */
  throwIfAny(): void;
  warnings(): string[];
}

/** `secrets` are the keys whose values are never shown. */
export function createFindings(document: Document, secrets: ReadonlySet<string>): Findings {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const inFileOrder = (found: Problem[]) =>
    found.toSorted((a, b) => document.offset(a.path) - document.offset(b.path)).map(document.line);
  const isSecret = (path: Path) => path.some((step) => typeof step === 'string' && secrets.has(step));
  const shown = (path: Path) => {
    const written = document.written(path);
    return isSecret(path) || written === undefined ? 'the value' : valueText(written);
  };
  return {
    document,
    shown,
    isSecret,
    say: (path, text, shownPath = path) => problems.push({ path, text, shownPath }),
    refuse: (path, text) => problems.push({ path, text: `${shown(path)} ${text}` }),
    warn: (path, text) => warnings.push({ path, text }),
    throwIfAny: () => {
      if (problems.length > 0) throw new ConfigError(inFileOrder(problems));
    },
    warnings: () => inFileOrder(warnings),
  };
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'a mapping';
  return JSON.stringify(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value);
}
