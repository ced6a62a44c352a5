import { ConfigError, type Path, type Problem, pathText } from './problems.ts';
import { changeTexts, valueAt } from './tree.ts';
import { type Environment, hideVariables } from './variables.ts';
import { parseYaml } from './yaml.ts';

/** A configuration before validation: its values, and how to speak of them without telling a secret. */
export interface Document {
  /** The tree with its variables expanded. */
  readonly value: unknown;
  /** The value at `path` as somebody wrote it, variables unexpanded; undefined where nobody may read it. */
  readonly written: (path: Path) => unknown;
  /** `path (file:line:column): text`. */
  readonly line: (problem: Problem) => string;
  /** Where in the file the path stands, for sorting. */
  readonly offset: (path: Path) => number;
}

/** No configuration of ours comes near; a larger file is something else. */
const TEXT_LENGTH_MAX = 1_000_000;

/** Reads YAML with variables; throws ConfigError when it is not YAML, is empty or names a variable that is not set. */
export function readDocument(source: { text: string; filename: string; env: Environment }): Document {
  const { filename, env } = source;
  if (source.text.length > TEXT_LENGTH_MAX) {
    throw new ConfigError([`${filename}: is too large; expected at most ${TEXT_LENGTH_MAX} characters`]);
  }
  const hidden = hideVariables(source.text.replace(/^\ufeff/, ''));
  const yaml = parseYaml(hidden.text, filename);
  const written = changeTexts(yaml.value, { text: hidden.written, key: hidden.written });
  const line = lines((path) => `${filename}:${yaml.place(path)}`);
  const problems: Problem[] = [];
  const value = changeTexts(yaml.value, {
    text: (text, path) => {
      if (text.includes('${')) problems.push({ path, text: NO_VARIABLE });
      return hidden.expanded(text, env, (name) => problems.push({ path, text: unset(name) }));
    },
    key: (key, path) => {
      const name = hidden.written(key);
      if (name !== key) problems.push({ path: [...path, name], text: VARIABLE_KEY });
      return name;
    },
  });
  if (problems.length > 0) throw new ConfigError(problems.map(line));
  return { value, line, written: (path) => valueAt(written, path), offset: yaml.offset };
}

const NO_VARIABLE =
  'holds a "${" that begins no variable; expected ${NAME} or ${NAME:-default}, or $${ for the text itself';
const VARIABLE_KEY = 'is a key with a variable in it; expected variables only in values';

function unset(name: string): string {
  return `the environment variable ${name} is not set; expected a value for it, or a default as in \${${name}:-default}`;
}

/** A configuration that comes from environment variables alone; none of its values is ever shown. */
export function environmentDocument(value: unknown): Document {
  return { value, written: () => undefined, line: lines(() => 'environment'), offset: () => 0 };
}

function lines(place: (path: Path) => string): (problem: Problem) => string {
  return ({ path, text, shownPath = path }) => {
    const name = pathText(shownPath);
    return name === '' ? `${place(path)}: ${text}` : `${name} (${place(path)}): ${text}`;
  };
}
