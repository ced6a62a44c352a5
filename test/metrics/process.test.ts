import { expect, it } from 'vitest';
import { FORMATS } from '../../src/metrics/exposition.ts';
import { createProcessMetrics } from '../../src/metrics/self-metrics.ts';
import { samplesOf } from './page-source.ts';

it('a provider’s counters are there at zero before its first poll, its state is not', async () => {
  const metrics = createProcessMetrics('1.2.3');

  metrics.ensureCounters('pd');
  const text = await metrics.text('text');

  expect(samplesOf(text, 'mttr_exporter_polls_total')).toEqual([
    'mttr_exporter_polls_total{provider="pd",outcome="success"} 0',
    'mttr_exporter_polls_total{provider="pd",outcome="failure"} 0',
  ]);
  expect(samplesOf(text, 'mttr_exporter_api_throttled_total')).toEqual([
    'mttr_exporter_api_throttled_total{provider="pd"} 0',
  ]);
  expect(text).toContain('mttr_exporter_poll_duration_seconds_count{provider="pd"} 0\n');
  expect(samplesOf(text, 'mttr_exporter_provider_up')).toEqual([]);
  expect(samplesOf(text, 'mttr_exporter_api_budget_remaining')).toEqual([]);
});

it('polls, requests, throttling and remaining requests are counted by provider', async () => {
  const metrics = createProcessMetrics('1.2.3');
  metrics.ensureCounters('pd');

  metrics.polled('pd', { isUp: true, seconds: 0.3 });
  metrics.polled('pd', { isUp: false, seconds: 700 });
  metrics.requested('pd', '200');
  metrics.requested('pd', 'error');
  metrics.throttled('pd');
  metrics.budget('pd', 41);
  const text = await metrics.text('text');

  expect(text).toContain('mttr_exporter_provider_up{provider="pd"} 0\n');
  expect(text).toContain('mttr_exporter_polls_total{provider="pd",outcome="success"} 1\n');
  expect(text).toContain('mttr_exporter_polls_total{provider="pd",outcome="failure"} 1\n');
  expect(text).toContain('mttr_exporter_api_requests_total{provider="pd",code="200"} 1\n');
  expect(text).toContain('mttr_exporter_api_requests_total{provider="pd",code="error"} 1\n');
  expect(text).toContain('mttr_exporter_api_throttled_total{provider="pd"} 1\n');
  expect(text).toContain('mttr_exporter_api_budget_remaining{provider="pd"} 41\n');
  expect(text).toContain('mttr_exporter_poll_duration_seconds_bucket{provider="pd",le="600"} 1\n');
  expect(text).toContain('mttr_exporter_poll_duration_seconds_count{provider="pd"} 2\n');
});

it('how long requests took is told by provider and endpoint', async () => {
  const metrics = createProcessMetrics('1.2.3');

  metrics.answered('pd', { endpoint: '/incidents', durationMs: 120 });
  metrics.answered('pd', { endpoint: '/incidents', durationMs: 31_000 });
  metrics.answered('pd', { endpoint: '/incidents/{id}', durationMs: 1 });
  const text = await metrics.text('text');

  const family = 'mttr_exporter_api_request_duration_seconds';
  expect(text).toContain(`${family}_bucket{provider="pd",endpoint="/incidents",le="0.1"} 0\n`);
  expect(text).toContain(`${family}_bucket{provider="pd",endpoint="/incidents",le="0.25"} 1\n`);
  expect(text).toContain(`${family}_sum{provider="pd",endpoint="/incidents"} 31.12\n`);
  expect(text).toContain(`${family}_count{provider="pd",endpoint="/incidents"} 2\n`);
  expect(text).toContain(`${family}_count{provider="pd",endpoint="/incidents/{id}"} 1\n`);
});

it('endpoints beyond a limit are one, and a provider that was away begins anew', async () => {
  const metrics = createProcessMetrics('1.2.3');
  const answerAll = (provider: string) => {
    for (let at = 0; at < 40; at += 1) metrics.answered(provider, { endpoint: `/list-${at}`, durationMs: 1 });
  };
  answerAll('pd');
  answerAll('other');
  const count = async () => {
    const text = await metrics.text('text');
    return [...text.matchAll(/request_duration_seconds_count\{provider="pd",endpoint="([^"]+)"} (\d+)/g)];
  };

  const counts = await count();
  await metrics.forget('pd');
  const forgotten = await count();
  metrics.answered('pd', { endpoint: '/list-39', durationMs: 1 });

  expect(counts).toHaveLength(31);
  expect(counts.find(([, endpoint]) => endpoint === 'other')?.[2]).toBe('10');
  expect(forgotten).toEqual([]);
  expect((await count()).map(([, endpoint]) => endpoint)).toEqual(['/list-39']);
});

it('a provider that is no longer configured leaves, the others stay', async () => {
  const metrics = createProcessMetrics('1.2.3');
  for (const provider of ['gone', 'kept']) {
    metrics.ensureCounters(provider);
    metrics.polled(provider, { isUp: true, seconds: 1 });
    metrics.requested(provider, '200');
    metrics.budget(provider, 1);
  }

  await metrics.forget('gone');
  const text = await metrics.text('text');

  expect(text).not.toContain('provider="gone"');
  expect(text).toContain('mttr_exporter_polls_total{provider="kept",outcome="success"} 1\n');
});

it('a provider that a reload opens again keeps its counts, one that was removed starts at zero', async () => {
  const metrics = createProcessMetrics('1.2.3');
  for (const provider of ['kept', 'away']) {
    metrics.ensureCounters(provider);
    metrics.polled(provider, { isUp: true, seconds: 1 });
  }
  await metrics.forget('away');

  metrics.ensureCounters('kept');
  metrics.ensureCounters('away');
  const text = await metrics.text('text');

  expect(text).toContain('mttr_exporter_poll_duration_seconds_count{provider="kept"} 1\n');
  expect(text).toContain('mttr_exporter_poll_duration_seconds_count{provider="away"} 0\n');
  expect(text).toContain('mttr_exporter_polls_total{provider="kept",outcome="success"} 1\n');
  expect(text).toContain('mttr_exporter_polls_total{provider="away",outcome="success"} 0\n');
});

it('a failed reload keeps the time of the last successful one', async () => {
  const metrics = createProcessMetrics('1.2.3');

  metrics.reloaded(true, 1_790_000_000_000);
  metrics.reloaded(false, 1_790_000_060_000);
  const text = await metrics.text('text');

  expect(text).toContain('mttr_exporter_config_last_reload_successful 0\n');
  expect(text).toContain('mttr_exporter_config_last_reload_success_timestamp_seconds 1790000000\n');
});

it.each(FORMATS)('what was not measured yet is absent, not NaN: %s', async (format) => {
  const text = await createProcessMetrics('1.2.3').text(format);

  expect(text).toContain('process_cpu_');
  expect(text).not.toContain('NaN');
});

it('reading one format does not change the other', async () => {
  const metrics = createProcessMetrics('1.2.3');
  metrics.ensureCounters('pd');

  await metrics.text('openmetrics');
  const text = await metrics.text('text');
  const openmetrics = await metrics.text('openmetrics');

  expect(text).toContain('# TYPE mttr_exporter_polls_total counter\n');
  expect(openmetrics).toContain('# TYPE mttr_exporter_polls counter\n');
  expect(openmetrics).toContain('mttr_exporter_poll_duration_seconds_bucket{provider="pd",le="1.0"} 0\n');
});
