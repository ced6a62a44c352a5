import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createDeliveryHistory, createDeliveryTargets, type DeliveryHistory } from '../../src/app/deliveries.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createProcessMetrics } from '../../src/metrics/self-metrics.ts';
import { platforms } from '../../src/providers/registry.ts';
import type { DeliveryTarget, DeliveryTargets } from '../../src/server/delivery-endpoints.ts';
import type { Store } from '../../src/store/store.ts';
import { createHandClock, type HandClock } from '../poller/clock.ts';
import { openTestExporter, silent, type TestExporter } from '../test-exporter.ts';

export const START_MS = Date.parse('2026-03-01T00:00:00Z');
export const MINUTE_MS = 60_000;
export const TOKEN = 'the-token';

export interface DeliveryStage extends TestExporter {
  readonly clock: HandClock;
  readonly targets: DeliveryTargets;
  readonly deliveries: DeliveryHistory;
  /** Authenticates and stores pushed incidents, as the server does. */
  push(body: unknown, token?: string): Promise<{ readonly status: number; readonly body: unknown }>;
  /** The same of deployments. */
  pushDeployments(body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
}

/** An exporter with a provider `ours` of type push; its first poll is done. */
export async function stageDeliveries(storeWith?: (store: Store) => Store): Promise<DeliveryStage> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-deliveries-'));
  const clock = createHandClock(START_MS);
  const text = `
providers: [{ name: ours, type: push, token: ${TOKEN} }]
store: { path: "${folder}/s.db" }
metrics: { new_series_hold: 0s }
`;
  const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: START_MS });
  const exporter = await openTestExporter({ config, clock, storeWith });
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await exporter.close();
    rmSync(folder, { recursive: true });
  };
  onTestFinished(close);
  const deliveries = createDeliveryHistory(clock);
  const targets = createDeliveryTargets({
    engine: () => exporter.engine,
    metrics: createProcessMetrics('test'),
    deliveries,
    clock,
    log: silent,
  });
  for (const { poller, receiver } of exporter.engine.providers) {
    await poller.pollOnce(new AbortController().signal);
    receiver.start();
  }
  const push = (body: unknown, token = TOKEN) => deliver(targets.push('ours', 'incidents'), body, token);
  const pushDeployments = (body: unknown) => deliver(targets.push('ours', 'deployments'), body, TOKEN);
  return { ...exporter, close, clock, targets, deliveries, push, pushDeployments };
}

async function deliver(target: DeliveryTarget | undefined, body: unknown, token: string) {
  const headers = { authorization: `Bearer ${token}` };
  if (target?.store === undefined) throw new Error('there is no such endpoint');
  if (target.refuse(headers) !== undefined) return { status: 401, body: undefined };
  if ((await target.verify(headers, Buffer.alloc(0))) !== undefined) return { status: 401, body: undefined };
  return target.store(body).catch(() => ({ status: 503, body: undefined }));
}
