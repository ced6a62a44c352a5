/** One field of a question, as it was parsed. */
interface Field {
  readonly alias: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Undefined for a scalar. */
  readonly selection: Selection | undefined;
}

interface Selection {
  readonly fields: readonly Field[];
  /** `... on Type { }` */
  readonly fragments: readonly { readonly type: string; readonly selection: Selection }[];
}

/** An error that GraphQL answers with in the place of one part. */
export class GraphqlRefusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** What a type of the schema offers: values, or functions of the arguments. `__typename` is for fragments. */
export type GraphqlNode = Readonly<Record<string, unknown>>;

/** The answer to a question: only what it selects, as GraphQL does. Throws SyntaxError for what is no question. */
export function answerGraphql(query: string, root: GraphqlNode): { data: unknown; errors?: unknown[] } {
  const selection = parseQuery(query);
  const errors: unknown[] = [];
  const data = select(root, selection, { path: [], errors });
  return errors.length === 0 ? { data } : { data, errors };
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly errors: unknown[];
}

function select(node: GraphqlNode, selection: Selection, place: Place): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of selection.fields) {
    const at = { ...place, path: [...place.path, field.alias] };
    try {
      result[field.alias] = valueOf(node, field, at);
    } catch (error) {
      if (!(error instanceof GraphqlRefusal)) throw error;
      place.errors.push({ type: error.type, path: at.path, message: error.message });
      result[field.alias] = null;
    }
  }
  for (const { type, selection: inner } of selection.fragments) {
    if (node['__typename'] === type) Object.assign(result, select(node, inner, place));
  }
  return result;
}

function valueOf(node: GraphqlNode, { name, args, selection }: Field, place: Place): unknown {
  if (!Object.hasOwn(node, name))
    throw new SyntaxError(`Field '${name}' doesn't exist on type '${String(node['__typename'])}'`);
  const offered = node[name];
  const value: unknown = typeof offered === 'function' ? offered(args) : offered;
  return shape(value, selection, place);
}

function shape(value: unknown, selection: Selection | undefined, place: Place): unknown {
  if (selection === undefined || value === null || value === undefined) return value ?? null;
  if (Array.isArray(value)) {
    return value.map((one, index) => shape(one, selection, { ...place, path: [...place.path, index] }));
  }
  return select(Object(value), selection, place);
}

const TOKENS = /"(?:[^"\\]|\\.)*"|\.\.\.|[{}()[\]:]|[\w-]+/g;

function parseQuery(query: string): Selection {
  const tokens = query.match(TOKENS) ?? [];
  if (tokens[0] === 'query') tokens.shift();
  const selection = parseSelection(tokens);
  if (tokens.length > 0) throw new SyntaxError(`Parse error on "${tokens[0]}"`);
  return selection;
}

function expect(tokens: string[], token: string): void {
  const next = tokens.shift();
  if (next !== token) throw new SyntaxError(`Parse error on "${next}", expected "${token}"`);
}

function parseSelection(tokens: string[]): Selection {
  expect(tokens, '{');
  const fields: Field[] = [];
  const fragments: { type: string; selection: Selection }[] = [];
  while (tokens[0] !== '}') {
    if (tokens[0] === '...') {
      tokens.shift();
      expect(tokens, 'on');
      fragments.push({ type: tokens.shift() ?? '', selection: parseSelection(tokens) });
    } else {
      fields.push(parseField(tokens));
    }
  }
  expect(tokens, '}');
  return { fields, fragments };
}

function parseField(tokens: string[]): Field {
  const first = tokens.shift() ?? '';
  if (!/^\w+$/.test(first)) throw new SyntaxError(`Parse error on "${first}"`);
  const isAlias = tokens[0] === ':';
  if (isAlias) tokens.shift();
  const name = isAlias ? (tokens.shift() ?? '') : first;
  const args = tokens[0] === '(' ? parseArguments(tokens, '(', ')') : {};
  return { alias: first, name, args, selection: tokens[0] === '{' ? parseSelection(tokens) : undefined };
}

function parseArguments(tokens: string[], open: string, close: string): Record<string, unknown> {
  expect(tokens, open);
  const args: Record<string, unknown> = {};
  while (tokens[0] !== close) {
    const name = tokens.shift() ?? '';
    expect(tokens, ':');
    args[name] = parseValue(tokens);
  }
  expect(tokens, close);
  return args;
}

function parseValue(tokens: string[]): unknown {
  const [next = ''] = tokens;
  if (next === '{') return parseArguments(tokens, '{', '}');
  tokens.shift();
  if (next.startsWith('"')) return JSON.parse(next);
  return /^-?\d+$/.test(next) ? Number(next) : next;
}
