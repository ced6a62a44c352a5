/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The text with its variables hidden from YAML, and the ways back. */
export interface HiddenVariables {
  /** As long as the original, so positions in it are positions in the original. */
  readonly text: string;
  /** A value of the parsed text as somebody wrote it. */
  readonly written: (value: string) => string;
  /** A value of the parsed text with each variable replaced; `onUnset` is told of those that are not set. */
  readonly expanded: (value: string, env: Environment, onUnset: (name: string) => void) => string;
}

/** `${NAME}`, `${NAME:-default}`, and `$${`, which stands for the text `${`. */
const VARIABLE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\r\n]*))?\}/g;

/** Unicode gives these characters no meaning; YAML takes them as ordinary text. */
const FIRST_PRIVATE = 0xe000;
const LAST_PRIVATE = 0xf8ff;
const RUN = /([\ue000-\uf8ff])\1*/g;

/**
 * Replaces each variable by as many copies of one private-use character, before parsing: variables may then stand
 * unquoted inside braces, and what they expand to is never read as YAML.
 */
export function hideVariables(text: string): HiddenVariables {
  const free = unusedCharacters(text);
  const signs = new Map<string, string>();
  const originals = new Map<string, string>();
  const hidden = text.replace(VARIABLE, (original) => {
    const sign = signs.get(original) ?? free.next().value;
    if (sign === undefined) return original;
    signs.set(original, sign);
    originals.set(sign, original);
    return sign.repeat(original.length);
  });
  const replaceRuns = (value: string, replacement: (original: string) => string) =>
    value.replace(RUN, (run, sign: string) => {
      const original = originals.get(sign);
      return original === undefined ? run : replacement(original).repeat(run.length / original.length);
    });
  return {
    text: hidden,
    written: (value) => replaceRuns(value, (original) => original),
    expanded: (value, env, onUnset) => replaceRuns(value, (original) => expand(original, env, onUnset)),
  };
}

function* unusedCharacters(text: string): Generator<string, undefined> {
  for (let code = FIRST_PRIVATE; code <= LAST_PRIVATE; code += 1) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) yield character;
  }
}

/** As shells do it: the default also stands in for a variable that is set to nothing. */
function expand(original: string, env: Environment, onUnset: (name: string) => void): string {
  const [, name, fallback] = new RegExp(VARIABLE.source).exec(original) ?? [];
  if (name === undefined) return '${';
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  if (value === undefined) onUnset(name);
  return value ?? '';
}
