import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** One condition of a selector, its value without quotes. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** One choice of series. `metric` is empty where no name is given. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** A matcher says which grouping, and which window. */
  readonly namesBy: boolean;
  readonly namesWindow: boolean;
}

/** What an expression names. */
export interface ReadExpression {
  readonly selectors: readonly Selector[];
  /** Labels in `by`, `on`, `group_left` and `group_right`, each once. */
  readonly grouped: readonly string[];
  /** Labels in `without` and `ignoring`, each once. */
  readonly dropped: readonly string[];
  /** Labels that `label_replace` and `label_join` write, each once. */
  readonly made: readonly string[];
  /** Labels that `label_replace` and `label_join` read, each once. */
  readonly taken: readonly string[];
}

const DASHBOARD_SPANS = /\$(?:__rate_interval|__interval|__range)\b|\$\{__(?:rate_interval|interval|range)\}/g;

/** The expression of a panel as Prometheus could read it: spans that Grafana fills in are five minutes. */
export function withSpans(expression: string): string {
  return expression.replace(DASHBOARD_SPANS, '5m');
}

/** What an expression names; throws with the place where it is not PromQL. */
export function readPromql(expression: string): ReadExpression {
  const selectors: Selector[] = [];
  const grouped = new Set<string>();
  const dropped = new Set<string>();
  const made = new Set<string>();
  const taken = new Set<string>();
  parser.parse(expression).iterate({
    enter: ({ node, type }) => {
      if (type.isError) throw new Error(`not PromQL at character ${node.from + 1}: ${expression}`);
      if (node.name === 'VectorSelector') selectors.push(selectorAt(node, expression));
      if (node.name === 'GroupingLabels') {
        const isDropping = ['Without', 'Ignoring'].includes(node.prevSibling?.name ?? '');
        for (const label of labelsAt(node, expression)) (isDropping ? dropped : grouped).add(label);
      }
      if (node.name === 'FunctionCall') {
        const written = writtenLabels(node, expression);
        for (const label of written.made) made.add(label);
        for (const label of written.taken) taken.add(label);
      }
    },
  });
  return { selectors, grouped: [...grouped], dropped: [...dropped], made: [...made], taken: [...taken] };
}

function textOf({ from, to }: SyntaxNode, expression: string): string {
  return expression.slice(from, to);
}

function unquoted(text: string): string {
  return /^["'`]/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

function selectorAt(node: SyntaxNode, expression: string): Selector {
  const name = node.getChild('Identifier');
  const parts = node.getChild('LabelMatchers');
  const nodes = ['UnquotedLabelMatcher', 'QuotedLabelMatcher'].flatMap((kind) => parts?.getChildren(kind) ?? []);
  const matchers = nodes.map((matcher): Matcher => {
    const operator = matcher.getChild('MatchOp');
    if (operator === null) throw new Error(`no operator in ${textOf(matcher, expression)}`);
    return {
      label: unquoted(expression.slice(matcher.from, operator.from).trim()),
      operator: textOf(operator, expression),
      value: unquoted(expression.slice(operator.to, matcher.to).trim()),
    };
  });
  const namesLabel = (wanted: string) => matchers.some(({ label }) => label === wanted);
  const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
  const metric = name === null ? (named?.value ?? '') : textOf(name, expression);
  return { metric, matchers, namesBy: namesLabel('by'), namesWindow: namesLabel('window') };
}

function labelsAt(node: SyntaxNode, expression: string): string[] {
  return ['LabelName', 'QuotedLabelName'].flatMap((kind) =>
    node.getChildren(kind).map((label) => unquoted(textOf(label, expression))),
  );
}

function writtenLabels(node: SyntaxNode, expression: string): { made: string[]; taken: string[] } {
  const called = node.getChild('FunctionIdentifier');
  const word = called === null ? '' : textOf(called, expression);
  const body = node.getChild('FunctionCallBody');
  const texts = (body?.getChildren('StringLiteral') ?? []).map((literal) => unquoted(textOf(literal, expression)));
  const [made = '', , third = ''] = texts;
  if (word === 'label_replace') return { made: [made], taken: [third] };
  if (word === 'label_join') return { made: [made], taken: [third, ...texts.slice(3)] };
  return { made: [], taken: [] };
}
