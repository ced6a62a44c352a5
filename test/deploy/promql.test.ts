import { describe, expect, it } from 'vitest';
import { strangersIn } from './catalogue.ts';
import { readPromql, withSpans } from './promql.ts';

describe('the reader of expressions', () => {
  it('lists selectors with their matchers, and says whether they name a grouping and a window', () => {
    const { selectors } = readPromql('a{by="all", window=~"7d|30d"} / b{x!="y"} > {__name__="c"}');

    expect(selectors).toEqual([
      {
        metric: 'a',
        matchers: [
          { label: 'by', operator: '=', value: 'all' },
          { label: 'window', operator: '=~', value: '7d|30d' },
        ],
        namesBy: true,
        namesWindow: true,
      },
      { metric: 'b', matchers: [{ label: 'x', operator: '!=', value: 'y' }], namesBy: false, namesWindow: false },
      {
        metric: 'c',
        matchers: [{ label: '__name__', operator: '=', value: 'c' }],
        namesBy: false,
        namesWindow: false,
      },
    ]);
  });

  it('lists the labels that an expression groups by, writes and reads', () => {
    const read = readPromql(
      'sum by (a) (label_replace(x, "made", "$1", "taken", "(.*)")) / on (b) group_left (c) max without (d) (y)',
    );

    expect(read).toMatchObject({ grouped: ['a', 'b', 'c'], dropped: ['d'], made: ['made'], taken: ['taken'] });
  });

  it('refuses what is not PromQL', () => {
    expect(() => readPromql('sum by (a (b)')).toThrow('not PromQL at character');
  });

  it('reads what Grafana fills in', () => {
    expect(withSpans(`rate(x[$__rate_interval]) + rate(x[\${__range}])`)).toBe('rate(x[5m]) + rate(x[5m])');
  });
});

describe('the list of what the exporter has', () => {
  it.each([
    ['incident_mttr_minutes{by="severity",window="30d"}', []],
    ['incident_mttr_minutes{by="service",window="30d",service="checkout"}', []],
    ['sum by (provider) (rate(incident_recovery_time_minutes_count[5m]))', []],
    ['sum by (le) (rate(incident_recovery_time_minutes_bucket[5m]))', []],
    ['incident_mttr_minutes{window="30d"}', ['incident_mttr_minutes names no by=']],
    ['incident_mttr_minutes{by="all"}', ['incident_mttr_minutes names no window=']],
    ['incident_mttr_minutes{by="sevrity",window="30d"}', ['incident_mttr_minutes names a grouping that there is not']],
    ['incident_mttr_minutes{by="all",window="31d"}', ['incident_mttr_minutes names a window that is no default']],
    ['incident_repeat_ratio{by="service",window="30d"}', ['incident_repeat_ratio is not in rows by service']],
    [
      'incident_mttr_minutes{by="severity",window="30d",service="x"}',
      ['incident_mttr_minutes has no label service in rows by severity'],
    ],
    ['incident_mtr_minutes', ['there is no metric incident_mtr_minutes']],
    ['incident_open{sevrity="P1"}', ['incident_open has no label sevrity']],
    ['sum by (sevrity) (incident_open)', ['no series here has a label sevrity']],
    ['sum without (service, pod, exported_service) (incident_target_minutes)', []],
    ['sum without (sevrity) (incident_open)', ['no series here has a label sevrity']],
    ['count({job="mttr-exporter"})', []],
    ['{service="checkout"}', []],
    ['{sevrity="P1"}', ['no metric has a label sevrity']],
    ['{__name__=~"incident_open|incident_opened_total",severity="P1"}', []],
    ['{__name__=~"incident_mtr_.+"}', ['there is no metric __name__=~"incident_mtr_.+"']],
    [
      '{__name__=~"incident_mtt[rd]_minutes",by="all"}',
      ['incident_mttr_minutes names no window=', 'incident_mttd_minutes names no window='],
    ],
    ['recorded{x="y"}', ['recorded has no label x']],
  ])('judges %s', (expression, problems) => {
    expect(strangersIn(expression, new Map([['recorded', ['severity']]]))).toEqual(problems);
  });
});
