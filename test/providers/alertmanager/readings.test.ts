import { describe, expect, it } from 'vitest';
import { alertJson, at, stageAlerts } from './stage.ts';

const OPEN = { to: undefined, known: undefined };

describe("readings of Alertmanager's own list", () => {
  it('find what fires, though no notification told of it', async () => {
    const stage = stageAlerts();

    await stage.read(5, { from: 0 });
    await stage.read(6, { from: 0 });

    expect(stage.alerts()).toEqual([{ from: 0, ...OPEN }]);
    expect(stage.incident(0)?.updatedAtMs).toBe(at(5));
  });

  it('end an alert at the first of two that miss it, after the wait for a notification', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });

    const seen: unknown[] = [];
    for (let minute = 2; minute <= 12; minute += 1) {
      await stage.read(minute);
      seen.push(stage.alerts()[0]?.known);
    }

    expect(seen).toEqual([...Array.from({ length: 10 }, () => undefined), 'absence']);
    expect(stage.alerts()).toEqual([{ from: 0, to: 2, known: 'absence' }]);
  });

  it('leave the end to a notification that comes within the wait', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    for (let minute = 4; minute <= 9; minute += 1) await stage.read(minute);

    await stage.notify(10, { from: 0, to: 3 });
    for (let minute = 10; minute <= 20; minute += 1) await stage.read(minute);

    expect(stage.alerts()).toEqual([{ from: 0, to: 3, known: 'resolve_event' }]);
  });

  it('give way to a notification that comes later', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    for (let minute = 4; minute <= 20; minute += 1) await stage.read(minute);
    const before = stage.alerts();

    await stage.notify(30, { from: 0, to: 3 });

    expect(before).toEqual([{ from: 0, to: 4, known: 'absence' }]);
    expect(stage.alerts()).toEqual([{ from: 0, to: 3, known: 'resolve_event' }]);
  });

  it('say nothing alone, nor when they are far apart', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });

    await stage.read(2);
    await stage.read(5);
    await stage.read(6, { from: 0 });
    await stage.read(7);
    await stage.read(60);

    expect(stage.alerts()).toEqual([{ from: 0, ...OPEN }]);
  });

  it('are in a row two intervals apart', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });

    await stage.read(2);
    await stage.read(4);
    await stage.read(60);

    expect(stage.alerts()).toEqual([{ from: 0, to: 2, known: 'absence' }]);
  });

  it('say nothing of an alert that was heard of after they were asked for', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    await stage.read(2);
    await stage.notify(3, { from: 0 });

    await stage.read(2.5);
    await stage.read(4);
    for (let minute = 5; minute <= 20; minute += 1) await stage.read(minute);

    expect(stage.alerts()).toEqual([{ from: 0, to: 4, known: 'absence' }]);
  });

  it('say nothing of what they lack when some of their alerts cannot be read', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });

    for (let minute = 2; minute <= 20; minute += 1) await stage.readJson(minute, [{ startsAt: 'yesterday' }]);

    expect(stage.alerts()).toEqual([{ from: 0, ...OPEN }]);
  });

  it('that show an alert again open it again', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    for (let minute = 2; minute <= 13; minute += 1) await stage.read(minute);

    await stage.read(14, { from: 0 });

    expect(stage.alerts()).toEqual([{ from: 0, ...OPEN }]);
  });

  it('end what they missed before it began anew', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    await stage.read(5);
    await stage.notify(7, { from: 6 });
    for (let minute = 6; minute <= 16; minute += 1) await stage.read(minute, { from: 6 });

    expect(stage.alerts()).toEqual([
      { from: 0, to: 5, known: 'absence' },
      { from: 6, ...OPEN },
    ]);
  });

  it('end nothing that began anew before they missed it', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    await stage.notify(5, { from: 4 });
    for (let minute = 6; minute <= 20; minute += 1) await stage.read(minute, { from: 4 });

    expect(stage.alerts().map(({ known }) => known)).toEqual(['expired', undefined]);
  });

  it('never end what came from a file', async () => {
    const stage = stageAlerts();
    await stage.notify(1, { from: 0 });
    const incident = stage.incident(0);
    if (incident === undefined) throw new Error('expected an incident');
    stage.memory.incidents.set('imported', { ...incident, id: 'imported', subject: undefined, imported: true });

    for (let minute = 2; minute <= 20; minute += 1) await stage.read(minute, { from: 0 });

    expect(stage.memory.incidents.get('imported')?.status).toBe('triggered');
  });

  it('are refused when they are no list, or none of their alerts can be read', async () => {
    const stage = stageAlerts();

    await expect(stage.readJson(1, [{}, alertJson({ from: 0 }).labels])).rejects.toThrow(
      'no alert has the expected shape',
    );
  });
});
