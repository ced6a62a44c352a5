import { constructFromEvents, EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { type ConfigDocument, ConfigError, formatProblem, type Problem } from './diagnostics.ts';
import { mapStrings, type Path, valueAt } from './object-path.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** No configuration comes near this; a larger file is something else. */
const TEXT_LENGTH_MAX = 1_000_000;
/** Far deeper than any key of the configuration; a deeper document is a mistake. */
const DEPTH_MAX = 20;
/** Enough for an anchor used by each of many providers. */
const ALIASES_MAX = 100;

/** Reads YAML with variables; throws ConfigError when it is not YAML, is empty or names a variable that is not set. */
export function readDocument(source: { text: string; filename: string; env: Environment }): ConfigDocument {
  const { filename, env } = source;
  if (source.text.length > TEXT_LENGTH_MAX) {
    throw new ConfigError([`${filename}: is too large; expected at most ${TEXT_LENGTH_MAX} characters`]);
  }
  const variables = hideVariables(source.text.replace(/^\ufeff/, ''));
  const yaml = parseYaml(variables.text, filename);
  const rawTree = mapStrings(yaml.value, { value: variables.restore, key: variables.restore });
  const problems: Problem[] = [];
  const value = mapStrings(yaml.value, {
    value: (text, path) => {
      if (text.includes('${')) problems.push({ path, ...NOT_A_VARIABLE });
      return variables.expand(text, env, (name) => problems.push({ path, ...unsetVariable(name) }));
    },
    key: (key, path) => {
      const name = variables.restore(key);
      if (name !== key) problems.push({ path: [...path, name], ...VARIABLE_IN_KEY });
      return name;
    },
  });
  const location = (path: Path) => `${filename}:${yaml.lineAndColumn(path)}`;
  if (problems.length > 0) throw new ConfigError(problems.map((one) => formatProblem(one, location(one.path))));
  return { value, location, rawValue: (path) => valueAt(rawTree, path), offset: yaml.offset };
}

const NOT_A_VARIABLE = {
  message: 'contains "${" that does not begin a variable',
  expected: '${NAME} or ${NAME:-default}, or $${ for a literal ${',
};
const VARIABLE_IN_KEY = { message: 'is a key with a variable in it', expected: 'variables in values only' };

function unsetVariable(name: string) {
  return {
    message: `the environment variable ${name} is not set`,
    expected: `a value for it, or a default as in \${${name}:-default}`,
  };
}

/** A configuration that comes from environment variables alone; its values are never displayed. */
export function environmentDocument(value: unknown): ConfigDocument {
  return { value, rawValue: () => undefined, location: () => 'environment', offset: () => 0 };
}

/** `${NAME}`, `${NAME:-default}`, and `$${`, which stands for the text `${`. */
const VARIABLE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\r\n]*))?\}/g;

/** Unicode's private-use characters: YAML takes them as ordinary text. */
const FIRST_PRIVATE = 0xe000;
const LAST_PRIVATE = 0xf8ff;
const PRIVATE_RUN = /([\ue000-\uf8ff])\1*/g;

interface HiddenVariables {
  /** As long as the original, so that positions agree. */
  readonly text: string;
  /** A string of the parsed text as it is in the file. */
  readonly restore: (value: string) => string;
  /** A string of the parsed text with its variables replaced; calls `onUnset` with the names that are not set. */
  readonly expand: (value: string, env: Environment, onUnset: (name: string) => void) => string;
}

/**
 * Replaces each variable by as many copies of one private-use character before parsing: variables may then be unquoted
 * inside braces, and what they expand to is never read as YAML.
 */
function hideVariables(text: string): HiddenVariables {
  const unused = unusedCharacters(text);
  const placeholders = new Map<string, string>();
  const originals = new Map<string, string>();
  const hidden = text.replace(VARIABLE, (original) => {
    const placeholder = placeholders.get(original) ?? unused.next().value;
    if (placeholder === undefined) return original;
    placeholders.set(original, placeholder);
    originals.set(placeholder, original);
    return placeholder.repeat(original.length);
  });
  const replaceRuns = (value: string, replacement: (original: string) => string) =>
    value.replace(PRIVATE_RUN, (run, placeholder: string) => {
      const original = originals.get(placeholder);
      return original === undefined ? run : replacement(original).repeat(run.length / original.length);
    });
  return {
    text: hidden,
    restore: (value) => replaceRuns(value, (original) => original),
    expand: (value, env, onUnset) => replaceRuns(value, (original) => expandVariable(original, env, onUnset)),
  };
}

function* unusedCharacters(text: string): Generator<string, undefined> {
  for (let code = FIRST_PRIVATE; code <= LAST_PRIVATE; code += 1) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) yield character;
  }
}

/** As in a shell, the default also replaces a variable that is set to the empty string. */
function expandVariable(original: string, env: Environment, onUnset: (name: string) => void): string {
  const [, name, fallback] = new RegExp(VARIABLE.source).exec(original) ?? [];
  if (name === undefined) return '${';
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  if (value === undefined) onUnset(name);
  return value ?? '';
}

const YAML_EXPECTED =
  'expected YAML 1.2, with quotes around values that contain ": " or begin with a special character';

/** One parsed YAML document and the positions of its parts. */
export interface ParsedYaml {
  readonly value: unknown;
  /** `line:column`, both from 1, of a key or list item; of its nearest parent when it is not in the file. */
  readonly lineAndColumn: (path: Path) => string;
  /** The offset in the text of the same position. */
  readonly offset: (path: Path) => number;
}

/** Parses one YAML 1.2 document; throws ConfigError, without the snippet that js-yaml would show (it may contain secrets). */
export function parseYaml(text: string, filename: string): ParsedYaml {
  try {
    const events = parseEvents(text, { filename, maxDepth: DEPTH_MAX });
    const documents = constructFromEvents(events, { source: text, filename, maxAliases: ALIASES_MAX });
    if (documents.length > 1) {
      throw new ConfigError([`${filename}: contains more than one YAML document; expected one`]);
    }
    const offsets = findOffsets(events, text);
    const offset = (path: Path) => nearestOffset(offsets, path);
    return { value: documents[0] ?? null, offset, lineAndColumn: (path) => toLineAndColumn(text, offset(path)) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const position = error.mark === undefined ? '' : `:${error.mark.line + 1}:${error.mark.column + 1}`;
    throw new ConfigError([`${filename}${position}: is not YAML: ${withoutQuotes(error.reason)}; ${YAML_EXPECTED}`]);
  }
}

/** Some reasons quote a tag or an anchor, which may be an unquoted secret that begins with `!`, `*` or `&`. */
function withoutQuotes(reason: string): string {
  return reason.replace(/ !<.*?>(?= |$)| ".*"|: .*$/gs, '');
}

function toLineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

function nearestOffset(offsets: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsets.get(JSON.stringify(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** A collection whose events are being read. */
interface OpenCollection {
  readonly isMapping: boolean;
  readonly path: Path;
  /** Offset of the collection's own key or item. */
  readonly offset: number;
  itemCount: number;
  key?: { readonly text: string; readonly offset: number } | undefined;
}

/** The offset of each key of a mapping and each item of a list, by path as JSON. */
function findOffsets(events: readonly Event[], text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const open: (OpenCollection | undefined)[] = [];
  for (const event of events) {
    const parent = open.at(-1);
    if (event.type === EVENT_ID.POP) open.pop();
    else if (event.type === EVENT_ID.DOCUMENT) open.push(undefined);
    else if (parent?.isMapping && parent.key === undefined) {
      parent.key = { text: event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '', offset: startOf(event) };
    } else {
      const { path, offset } = locateValue(parent, startOf(event));
      offsets.set(JSON.stringify(path), offset);
      const isMapping = event.type === EVENT_ID.MAPPING;
      if (isMapping || event.type === EVENT_ID.SEQUENCE) open.push({ isMapping, path, offset, itemCount: 0 });
    }
  }
  return offsets;
}

function locateValue(parent: OpenCollection | undefined, start: number): { path: Path; offset: number } {
  if (parent === undefined) return { path: [], offset: Math.max(start, 0) };
  const { key } = parent;
  if (key !== undefined) {
    parent.key = undefined;
    return { path: [...parent.path, key.text], offset: key.offset < 0 ? parent.offset : key.offset };
  }
  parent.itemCount += 1;
  return { path: [...parent.path, parent.itemCount - 1], offset: start < 0 ? parent.offset : start };
}

/** -1 for a scalar without any text. */
function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : -1;
}
