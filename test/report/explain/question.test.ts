import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/model/input-error.ts';
import { parseQuestion, type QuestionInput } from '../../../src/report/explain/question.ts';
import { DAY_MS } from '../../store/fixtures.ts';

const NOW_MS = Date.parse('2026-06-01T12:00:00Z');

function parse(input: QuestionInput) {
  return parseQuestion(input, { config: { timezone: 'Europe/Berlin' }, nowMs: NOW_MS });
}

/** The field and the reason of the error that parsing throws. */
function errorOf(input: QuestionInput): readonly [field: string | undefined, reason: string] {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof InputError) return [error.field, error.reason];
    throw error;
  }
  throw new Error('it was understood');
}

describe('a question', () => {
  it('without words is about the MTTR of 30 days', () => {
    expect(parse({})).toEqual({
      statistic: 'mttr',
      labels: {},
      by: undefined,
      window: { name: '30d', ms: 30 * DAY_MS },
      end: 'read',
      limit: undefined,
    });
  });

  it('may be a series that other fields complete', () => {
    const question = parse({ series: 'incident_mtta_minutes{by="service"}', service: 'shop', window: '7d', limit: 3 });

    expect(question).toMatchObject({
      statistic: 'mtta',
      by: 'service',
      labels: { service: 'shop' },
      window: { name: '7d', ms: 7 * DAY_MS },
      limit: 3,
    });
  });

  it('takes labels without a series, and leaves out those that are not given', () => {
    const { labels } = parse({ service: 'shop', severity: undefined, team: 'web' });

    expect(labels).toStrictEqual({ service: 'shop', team: 'web' });
  });

  it('may be about whole days of the configured zone', () => {
    const { window, end } = parse({ from: '2026-05-01', to: '2026-05-02' });

    expect(window).toEqual({ name: '2026-05-01 to 2026-05-02', ms: 2 * DAY_MS });
    expect(end).toBe(Date.parse('2026-05-03T00:00:00+02:00') - 1);
  });

  it.each([
    [{ from: '7d' }, '7d to now'],
    [{ to: '2026-05-02' }, '30d to 2026-05-02'],
  ])('%j has its other end from what is usual', (input, name) => {
    expect(parse(input).window.name).toBe(name);
  });
});

describe('a question that cannot be understood names the field', () => {
  const series = 'mttr{service="b",window="30d"}';

  it.each([
    [{ statistic: 'mtr' }, 'statistic', /^"mtr" is not a statistic; did you mean mttr\?$/],
    [{ series: 'mtr' }, 'series', /^"mtr" is not a statistic; did you mean mttr\?$/],
    [{ series: 'mttr{by="week"}' }, 'series', /^by="week" is not a grouping; expected one of all /],
    [
      { series: 'mttr{service=b}' },
      'series',
      /^"mttr{service=b}" cannot be read from "service=b" on; expected label="value"$/,
    ],
    [{ window: '0s' }, 'window', /^"0s" is not a valid window; expected a duration such as 7d or 12h$/],
    [{ window: '7d', from: '3d' }, 'window', /^cannot be combined with from; expected one of the two$/],
    [{ window: '7d', to: 'now' }, 'window', /^cannot be combined with to; expected one of the two$/],
    [{ from: 'then' }, 'from', /^"then" is not a time; expected a span such as 30d/],
    [{ to: '30d' }, 'to', /^"30d" is not a time; expected now/],
    [
      { series, statistic: 'mtta' },
      'statistic',
      /^"mtta" is given, and "mttr" by the series; expected one of the two$/,
    ],
    [{ series, service: 'a' }, 'service', /^"a" is given, and "b" by the series; expected one of the two$/],
    [{ series, window: '7d' }, 'window', /^"7d" is given, and "30d" by the series; expected one of the two$/],
    [{ series, from: '7d' }, 'from', /^"7d" is given, and "30d" by the series; expected one of the two$/],
    [{ series, to: 'now' }, 'to', /^"now" is given, and "30d" by the series; expected one of the two$/],
  ])('%j', (input, field, reason) => {
    const [wrongField, why] = errorOf(input);

    expect(wrongField).toBe(field);
    expect(why).toMatch(reason);
  });
});
