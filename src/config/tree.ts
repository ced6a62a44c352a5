import type { Path } from './problems.ts';

/** A YAML mapping as it comes from the parser. */
export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands directly below `value` at a key or list position; undefined where nothing does. */
function child(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  return isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** What stands at `path`; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(child, value);
}

/** Puts `replacement` at `path` of a tree that has a value there. */
export function replaceAt(tree: unknown, path: Path, replacement: unknown): void {
  const parent = valueAt(tree, path.slice(0, -1));
  const step = path.at(-1);
  if (step === undefined) return;
  if (Array.isArray(parent)) parent[Number(step)] = replacement;
  else if (isMapping(parent)) parent[step] = replacement;
}

/** How texts and keys of a tree are changed. */
export interface TextChange {
  readonly text: (text: string, path: Path) => string;
  readonly key: (key: string, path: Path) => string;
}

/** The same tree with its texts and keys changed; what an alias shares stays shared, so that no small file grows huge. */
export function changeTexts(tree: unknown, change: TextChange): unknown {
  const seen = new Map<unknown, unknown>();
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return change.text(value, path);
    if (typeof value !== 'object' || value === null) return value;
    const changed = seen.get(value) ?? copy(value, path);
    seen.set(value, changed);
    return changed;
  };
  const copy = (value: object, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    const pairs = Object.entries(value).map(([key, item]) => {
      const named = change.key(key, path);
      return [named, visit(item, [...path, named])];
    });
    return Object.fromEntries(pairs);
  };
  return visit(tree, []);
}
