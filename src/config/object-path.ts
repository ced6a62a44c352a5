/** Keys and list indexes from the top of a YAML document. */
export type Path = readonly (string | number)[];

/** A YAML mapping as it comes from the parser. */
export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** The path as people write it: `providers[0].services.rename["Checkout (prod)"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN_KEY.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** The value at `path`; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(childAt, value);
}

function childAt(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  return isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Replaces the value at `path` of a tree that has one there. */
export function replaceAt(tree: unknown, path: Path, replacement: unknown): void {
  const parent = valueAt(tree, path.slice(0, -1));
  const step = path.at(-1);
  if (step === undefined) return;
  if (Array.isArray(parent)) parent[Number(step)] = replacement;
  else if (isMapping(parent)) parent[step] = replacement;
}

/** A copy of the tree with its strings and keys mapped; shared aliases stay shared, so that a small file cannot grow huge. */
export function mapStrings(
  tree: unknown,
  map: {
    readonly value: (text: string, path: Path) => string;
    readonly key: (key: string, path: Path) => string;
  },
): unknown {
  const copies = new Map<unknown, unknown>();
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return map.value(value, path);
    if (typeof value !== 'object' || value === null) return value;
    const copied = copies.get(value) ?? copy(value, path);
    copies.set(value, copied);
    return copied;
  };
  const copy = (value: object, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    const entries = Object.entries(value).map(([key, item]) => {
      const mapped = map.key(key, path);
      return [mapped, visit(item, [...path, mapped])];
    });
    return Object.fromEntries(entries);
  };
  return visit(tree, []);
}
