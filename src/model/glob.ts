/** A pattern that a whole text matches or not: `*` is for any characters, `/` included, and `?` for one. Plain data. */
export interface Glob {
  /** As it was written. */
  readonly pattern: string;
  readonly expression: RegExp;
}

export function compileGlob(pattern: string, { ignoreCase = false }: { ignoreCase?: boolean } = {}): Glob {
  const source = pattern
    .split(/([*?])/)
    .map((part) => WILDCARDS[part] ?? part.replace(/[\\^$.|+()[\]{}]/g, '\\$&'))
    .join('');
  return { pattern, expression: new RegExp(`^${source}$`, ignoreCase ? 'si' : 's') };
}

const WILDCARDS: Readonly<Record<string, string>> = { '*': '.*', '?': '.' };

/** True for a pattern that may stand for more than one text. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}
