import { describe, expect, it } from 'vitest';
import {
  boundText,
  FORMATS,
  type Format,
  headerText,
  labelText,
  numberText,
  type Sample,
  sampleText,
} from '../../src/metrics/exposition.ts';

describe('upper bounds', () => {
  it.each([
    { bound: 60, text: '60', openmetrics: '60.0' },
    { bound: 43_200, text: '43200', openmetrics: '43200.0' },
    { bound: 0.5, text: '0.5', openmetrics: '0.5' },
    { bound: 0, text: '0', openmetrics: '0.0' },
    { bound: 0.0001, text: '0.0001', openmetrics: '0.0001' },
    { bound: 0.00001, text: '0.00001', openmetrics: '1e-05' },
    { bound: 999_999, text: '999999', openmetrics: '999999.0' },
    { bound: 1_000_000, text: '1000000', openmetrics: '1e+06' },
    { bound: 1_051_200, text: '1051200', openmetrics: '1.0512e+06' },
    { bound: 1e21, text: '1e+21', openmetrics: '1e+21' },
    { bound: Number.POSITIVE_INFINITY, text: '+Inf', openmetrics: '+Inf' },
  ])('$bound is $text in text and $openmetrics in OpenMetrics', ({ bound, text, openmetrics }) => {
    expect(Number(boundText(bound, 'text').replace('+Inf', 'Infinity'))).toBe(Number(text.replace('+Inf', 'Infinity')));
    expect(boundText(bound, 'openmetrics')).toBe(openmetrics);
  });
});

describe('escaping', () => {
  it('hides backslash, quote and line end in the value of a label', () => {
    expect(labelText([['service', 'a\\b"c\nd']])).toBe(String.raw`service="a\\b\"c\nd"`);
  });

  it('leaves any other character as it is', () => {
    expect(labelText([['service', 'Zürich {1}, 東京 🚒\t#']])).toBe('service="Zürich {1}, 東京 🚒\t#"');
  });

  it.each([
    { format: 'text', help: String.raw`# HELP a_b x \\ \n "y"` },
    { format: 'openmetrics', help: String.raw`# HELP a_b x \\ \n \"y\"` },
  ] as const)('hides backslash and line end in HELP, and quotes only in OpenMetrics: $format', ({ format, help }) => {
    const [first] = headerText({ name: 'a_b', help: 'x \\ \n "y"', type: 'gauge' }, format).split('\n');

    expect(first).toBe(help);
  });
});

describe('metadata', () => {
  it.each([
    { format: 'text', type: 'counter', title: 'polls_total', word: 'counter' },
    { format: 'openmetrics', type: 'counter', title: 'polls', word: 'counter' },
    { format: 'text', type: 'untyped', title: 'polls_total', word: 'untyped' },
    { format: 'openmetrics', type: 'untyped', title: 'polls_total', word: 'unknown' },
    { format: 'openmetrics', type: 'gauge', title: 'polls_total', word: 'gauge' },
  ] as const)('calls the $type polls_total $title, a $word, in $format', ({ format, type, title, word }) => {
    const text = headerText({ name: 'polls_total', help: 'Polls.', type }, format);

    expect(text).toBe(`# HELP ${title} Polls.\n# TYPE ${title} ${word}\n`);
  });

  it.each(FORMATS)('keeps the whole name of a counter at its samples: %s', (format) => {
    expect(sampleText('polls_total', { labels: [], value: 3 }, format)).toBe('polls_total 3\n');
  });
});

it.each([
  { value: 0, text: '0' },
  { value: 0.1 + 0.2, text: '0.30000000000000004' },
  { value: 1_790_000_000.5, text: '1790000000.5' },
  { value: Number.POSITIVE_INFINITY, text: '+Inf' },
  { value: Number.NEGATIVE_INFINITY, text: '-Inf' },
])('the number $text is written with all its digits', ({ value, text }) => {
  expect(numberText(value)).toBe(text);
});

describe('_created', () => {
  it.each([
    { format: 'text', text: '' },
    { format: 'openmetrics', text: 'a_created{b="c"} 1790000000\n' },
  ] as const)('is a sample of OpenMetrics alone: $format', ({ format, text }) => {
    expect(sampleText('a', { suffix: '_created', labels: [['b', 'c']], value: 1_790_000_000 }, format)).toBe(text);
  });
});

describe('an exemplar', () => {
  const bucket = (incidentId: string, provider: string): Sample => ({
    suffix: '_bucket',
    labels: [['a', 'b']],
    le: 60,
    value: 4,
    exemplar: { incidentId, provider, value: 12.5, atMs: 1_790_000_000_500 },
  });
  const written = (incidentId: string, format: Format, provider = 'pd') =>
    sampleText('x', bucket(incidentId, provider), format);

  it('names its incident and provider, its value and its time in seconds', () => {
    expect(written('Q1', 'openmetrics')).toBe(
      'x_bucket{a="b",le="60.0"} 4 # {incident_id="Q1",provider="pd"} 12.5 1790000000.5\n',
    );
  });

  it('is not known to the text format', () => {
    expect(written('Q1', 'text')).toBe('x_bucket{a="b",le="60"} 4\n');
  });

  it.each([
    { says: '117 characters fit', id: 'x'.repeat(117), isThere: true },
    { says: '118 do not, and are not cut', id: 'x'.repeat(118), isThere: false },
    { says: 'code points are what counts', id: '🚒'.repeat(117), isThere: true },
  ])('has an id of at most 117 characters: $says', ({ id, isThere }) => {
    expect(written(id, 'openmetrics').includes(' # {')).toBe(isThere);
  });

  it.each([
    { says: '128 characters of names and values fit', provider: 'x'.repeat(59), isThere: true },
    { says: '129 do not, and the provider is left out', provider: 'x'.repeat(60), isThere: false },
  ])('names its provider where that fits: $says', ({ provider, isThere }) => {
    const text = written('i'.repeat(50), 'openmetrics', provider);

    expect(text).toContain(` # {incident_id="${'i'.repeat(50)}"`);
    expect(text.includes('provider=')).toBe(isThere);
  });

  it('escapes its id', () => {
    expect(written('a"b\\c', 'openmetrics')).toContain(String.raw`{incident_id="a\"b\\c",provider="pd"}`);
  });
});
