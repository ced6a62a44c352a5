import { describe, expect, it } from 'vitest';
import { windowedFamilies } from '../../../src/metrics/windowed.ts';
import { parseSeries, parseStatistic } from '../../../src/report/explain/question.ts';
import { STATISTIC_INFO } from '../../../src/report/statistic-info.ts';
import { STATISTICS } from '../../../src/stats/rows.ts';

describe('a series', () => {
  it.each([
    { text: 'mttr', is: { statistic: 'mttr', labels: {}, by: undefined, window: undefined } },
    { text: 'median', is: { statistic: 'p50', labels: {}, by: undefined, window: undefined } },
    { text: 'within_target', is: { statistic: 'withinTarget', labels: {}, by: undefined, window: undefined } },
    {
      text: 'incident_mttr_minutes{by="service",service="checkout",window="30d"}',
      is: { statistic: 'mttr', labels: { service: 'checkout' }, by: 'service', window: '30d' },
    },
    {
      text: ' {__name__="incident_recovery_quantile_minutes", by="severity", instance="a:1", job="mttr", quantile="0.90", severity="P1"} ',
      is: { statistic: 'p90', labels: { severity: 'P1' }, by: 'severity', window: undefined },
    },
    {
      text: 'incident_mttr_minutes{by="service",service="mttr-exporter",exported_service="check \\"out\\", {1}"}',
      is: { statistic: 'mttr', labels: { service: 'check "out", {1}' }, by: 'service', window: undefined },
    },
    {
      text: 'incident_window_opened{by="all",service="target",window="7d",}',
      is: { statistic: 'opened', labels: {}, by: 'all', window: '7d' },
    },
    {
      text: 'incident_recovery_time_minutes{service="checkout",severity="P1"}',
      is: { statistic: 'mttr', labels: { service: 'checkout', severity: 'P1' }, by: 'service,severity', window: '30d' },
    },
    {
      text: 'incident_performance_level{by="all",window="7d",level="elite"}',
      is: { statistic: 'mttr', labels: {}, by: 'all', window: '7d' },
    },
    {
      text: 'incident_stage_within_target_ratio{by="severity",severity="P1",stage="mitigation",window="7d"}',
      is: { statistic: 'mitigationWithinTarget', labels: { severity: 'P1' }, by: 'severity', window: '7d' },
    },
    {
      text: 'incident_mttr_business_minutes{by="all",window="7d"}',
      is: { statistic: 'businessMttr', labels: {}, by: 'all', window: '7d' },
    },
  ])('is read: $text', ({ text, is }) => {
    const selected = parseSeries(text);

    expect(selected).toEqual(is);
  });

  it.each([
    { text: '', says: /names no metric; expected a statistic such as mttr, or a series/ },
    { text: 'mtr', says: /^series: "mtr" is not a statistic; did you mean mttr\?/ },
    { text: 'incident_open{by="all"}', says: /^series: "incident_open" is not a statistic/ },
    { text: 'incident_mttr_minutes{by=~"all"}', says: /cannot be read from "by=~.* on; expected label="value"/ },
    { text: 'incident_mttr_minutes{by="all"', says: /names no metric/ },
    {
      text: 'incident_mttr_minutes{by="week"}',
      says: /^series: by="week" is not a grouping; expected one of all severity/,
    },
    { text: 'incident_recovery_quantile_minutes{quantile="0.6"}', says: /needs a quantile; expected one of 0.5, 0.75/ },
    {
      text: 'incident_stage_within_target_ratio{by="all"}',
      says: /needs a stage; expected one of detection, acknowledgement, identification/,
    },
  ])('that is none is refused: $text', ({ text, says }) => {
    expect(() => parseSeries(text)).toThrow(says);
  });
});

describe('the words of statistics', () => {
  it('name the families of the page, each of them', () => {
    const named = new Set(STATISTICS.map((one) => STATISTIC_INFO[one].metric));

    const onPage = windowedFamilies.map(({ name }) => name).filter((name) => name !== 'incident_performance_level');
    expect([...named].sort()).toEqual([...onPage].sort());
  });

  it('lead back to their statistic', () => {
    const read = STATISTICS.map((one) => parseStatistic(STATISTIC_INFO[one].name, 'statistic'));

    expect(read).toEqual(STATISTICS);
  });
});
