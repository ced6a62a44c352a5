import { describe, expect, it } from 'vitest';
import { fingerprintLabels } from '../../../src/providers/alerts.ts';
import { alertJson, at, messageJson, NOW_MS, stageAlerts } from './stage.ts';

describe('a notification of Alertmanager', () => {
  it('makes an incident of each alert, with the configured labels alone', async () => {
    const stage = stageAlerts();

    await stage.notify(1, { from: 0 });

    expect(stage.incident(0)).toEqual({
      id: `of-HighErrorRate@${NOW_MS}`,
      subject: 'of-HighErrorRate',
      url: 'http://prometheus:9090/graph?g0.expr=up',
      title: 'HighErrorRate',
      serviceId: 'checkout',
      serviceName: 'checkout',
      team: 'payments',
      severity: { tag: 'critical' },
      status: 'triggered',
      triggeredAtMs: NOW_MS,
      startedAtMs: undefined,
      identifiedAtMs: undefined,
      acknowledgedAtMs: undefined,
      mitigatedAtMs: undefined,
      intervals: [{ openedAtMs: NOW_MS, closedAtMs: undefined }],
      merged: false,
      fingerprint: 'of-HighErrorRate',
      updatedAtMs: at(1),
    });
  });

  it('that tells an end is complete in itself, whatever came before', async () => {
    const stage = stageAlerts();

    await stage.notify(45, { from: 0, to: 41 });

    expect(stage.alerts()).toEqual([{ from: 0, to: 41, known: 'resolve_event' }]);
  });

  it.each([
    { says: 'twice', minutes: [1, 1, 2] },
    { says: 'late, after the end', minutes: [50, 55, 60] },
  ])('changes nothing when it comes $says', async ({ minutes }) => {
    const stage = stageAlerts();
    await stage.notify(45, { from: 0, to: 41 });

    for (const minute of minutes) {
      await stage.notify(minute, { from: 0 });
      await stage.notify(minute, { from: 0, to: 41 });
    }

    expect(stage.alerts()).toEqual([{ from: 0, to: 41, known: 'resolve_event' }]);
  });

  it('of a later start ends the one before it at an unknown time, until its end is told', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    await stage.notify(21, { from: 20 });
    const before = stage.alerts();

    await stage.notify(30, { from: 0, to: 10 });

    expect(before).toEqual([
      { from: 0, to: 20, known: 'expired' },
      { from: 20, to: undefined, known: undefined },
    ]);
    expect(stage.alerts()).toEqual([
      { from: 0, to: 10, known: 'resolve_event' },
      { from: 20, to: undefined, known: undefined },
    ]);
  });

  it('of an earlier start that comes late ends it at an unknown time', async () => {
    const stage = stageAlerts();
    await stage.notify(21, { from: 20 });

    await stage.notify(22, { from: 0 });

    expect(stage.alerts().map(({ known }) => known)).toEqual(['expired', undefined]);
  });

  it('takes the latest end of several: Alertmanager joins what overlaps', async () => {
    const stage = stageAlerts();

    await stage.notify(11, { from: 0, to: 10 });
    await stage.notify(16, { from: 0, to: 15 });
    await stage.notify(17, { from: 0, to: 10 });

    expect(stage.alerts()).toEqual([{ from: 0, to: 15, known: 'resolve_event' }]);
  });

  it('merges an alert that Alertmanager has joined with an earlier start, and it is no longer open', async () => {
    const stage = stageAlerts();
    await stage.notify(3, { from: 2 });
    await stage.notify(4, { from: 0 });

    await stage.notify(31, { from: 0, to: 30 });

    expect(stage.alerts()).toEqual([
      { from: 0, to: 30, known: 'resolve_event' },
      { from: 2, to: 30, known: 'merged' },
    ]);
    expect(await stage.memory.known.openIds()).toEqual([]);
  });

  it('leaves recoveries beyond the limits out of statistics', async () => {
    const stage = stageAlerts({ openWindowMs: at(60) - NOW_MS, flakyBelowMs: at(5) - NOW_MS });

    await stage.notify(300, { from: 0, to: 4 }, { from: 10, to: 15 }, { from: 20, to: 81 });

    expect(stage.alerts().map(({ known }) => known)).toEqual(['flaky', 'resolve_event', 'expired']);
  });

  it('knows alerts without a fingerprint by their labels, as Alertmanager does', async () => {
    const stage = stageAlerts();
    const { fingerprint: _, ...alert } = alertJson({ from: 0 });

    await stage.deliver(1, messageJson([alert]));
    await stage.deliver(2, messageJson([{ ...alert, fingerprint: fingerprintLabels(alert.labels) }]));

    expect(stage.alerts()).toHaveLength(1);
    // As Alertmanager 0.25 shows them.
    expect(fingerprintLabels({ service: 'checkout', alertname: 'HighErrorRate' })).toBe('e2c3a7f7be80496b');
    expect(fingerprintLabels({ alertname: 'HighErrorRate', service: 'chëckout 漢' })).toBe('6644c652e69c7200');
  });

  it.each([
    {
      says: 'a zero end',
      alert: { ...alertJson({ from: 0, to: 1 }), endsAt: '0001-01-01T00:00:00Z' },
      reason: 'end_unknown',
    },
    {
      says: 'a zero start',
      alert: { ...alertJson({ from: 0 }), startsAt: '0001-01-01T00:00:00Z' },
      reason: 'start_unknown',
    },
    { says: 'an end before its start', alert: alertJson({ from: 5, to: 0 }), reason: 'negative_duration' },
    { says: 'a start far ahead', alert: alertJson({ from: 100 }), reason: 'future' },
    { says: 'no start', alert: { ...alertJson({ from: 0 }), startsAt: undefined }, reason: 'malformed' },
    { says: 'an unknown status', alert: { ...alertJson({ from: 0 }), status: 'asleep' }, reason: 'malformed' },
  ])('rejects an alert with $says and takes the others', async ({ alert, reason }) => {
    const stage = stageAlerts();

    const { rejected } = await stage.deliver(1, messageJson([alert, alertJson({ name: 'Other', from: 0 })]));

    expect(rejected.map((one) => one.reason)).toEqual([reason]);
    expect(rejected[0]?.id).toBeUndefined();
    expect(stage.incident(0)?.title).toBe('Other');
  });

  it('counts the alerts that Alertmanager left out', async () => {
    const { truncated } = await stageAlerts().deliver(1, messageJson([], { truncatedAlerts: 7 }));

    expect(truncated).toBe(7);
  });

  it.each([
    { says: 'another version', body: messageJson([], { version: '3' }) },
    { says: 'no version', body: { alerts: [] } },
    { says: 'a list', body: [] },
    { says: 'nothing', body: null },
    { says: 'a text', body: 'alerts' },
    { says: 'alerts that are all unreadable', body: messageJson([{}, 1]) },
    { says: 'alerts that are no list', body: messageJson([], { alerts: {} }) },
  ])('is refused with $says', async ({ body }) => {
    await expect(stageAlerts().deliver(1, body)).rejects.toMatchObject({ name: 'InputError' });
  });

  it('keeps nothing of annotations and of other labels', async () => {
    const stage = stageAlerts();

    await stage.notify(1, { from: 0, labels: { team: 'jane.doe@example.com' } });

    expect(JSON.stringify([...stage.memory.incidents.values()])).not.toMatch(/jane|Jane|checkout-1/);
  });
});
