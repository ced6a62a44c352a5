import { readFileSync } from 'node:fs';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseDuration } from '../../src/config/durations.ts';
import { root } from './rule-files.ts';
import { tool } from './tools.ts';

const AMTOOL = tool('amtool');
const PLAIN = `${root}deploy/alertmanager/mttr-exporter-receiver.yml`;
const OPERATOR = `${root}deploy/alertmanager/alertmanagerconfig.yml`;

const Plain = z.object({
  route: z.object({
    routes: z.array(
      z.object({
        receiver: z.string(),
        continue: z.boolean(),
        group_by: z.array(z.string()),
        group_wait: z.string(),
        group_interval: z.string(),
        repeat_interval: z.string(),
      }),
    ),
  }),
  receivers: z.array(
    z.object({
      name: z.string(),
      webhook_configs: z
        .array(
          z.strictObject({
            url: z.url(),
            send_resolved: z.literal(true),
            max_alerts: z.literal(0),
            http_config: z.strictObject({
              authorization: z.strictObject({ type: z.literal('Bearer'), credentials_file: z.string() }),
            }),
          }),
        )
        .optional(),
    }),
  ),
});

/** The keys of monitoring.coreos.com/v1alpha1 that are used, named and typed as its CustomResourceDefinition does. */
const duration = z.string().regex(/^(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?$/);
const Operator = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1alpha1'),
  kind: z.literal('AlertmanagerConfig'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    route: z.strictObject({
      receiver: z.string(),
      continue: z.boolean(),
      groupBy: z.array(z.string()),
      groupWait: duration,
      groupInterval: duration,
      repeatInterval: duration,
    }),
    receivers: z.array(
      z.strictObject({
        name: z.string(),
        webhookConfigs: z.array(
          z.strictObject({
            url: z.url(),
            sendResolved: z.literal(true),
            maxAlerts: z.literal(0),
            httpConfig: z.strictObject({
              authorization: z.strictObject({
                type: z.literal('Bearer'),
                credentials: z.strictObject({ name: z.string(), key: z.string() }),
              }),
            }),
          }),
        ),
      }),
    ),
  }),
});

const plain = Plain.parse(parse(readFileSync(PLAIN, 'utf8')));
const operator = Operator.parse(parse(readFileSync(OPERATOR, 'utf8')));
const [route] = plain.route.routes;

describe('the receiver for the provider of type alertmanager', () => {
  it.skipIf(AMTOOL.isSkipped)(`is a configuration that amtool accepts${AMTOOL.says}`, () => {
    const { status, stdout, stderr } = AMTOOL.run(['check-config', PLAIN]);

    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('is routed to, and tells ends well within resolve_wait', () => {
    expect(plain.receivers.map(({ name }) => name)).toContain(route?.receiver);
    expect(parseDuration(route?.group_interval ?? '')).toBeLessThan(10 * 60_000);
    expect(route?.continue).toBe(true);
  });

  it('is the same for the operator', () => {
    const { spec } = operator;

    expect(spec.receivers.map(({ name }) => name)).toEqual([spec.route.receiver]);
    expect([spec.route.groupBy, spec.route.groupWait, spec.route.groupInterval, spec.route.repeatInterval]).toEqual([
      route?.group_by,
      route?.group_wait,
      route?.group_interval,
      route?.repeat_interval,
    ]);
  });

  it('sends to the endpoint of a provider named after its type', () => {
    const urls = [
      plain.receivers.flatMap(({ webhook_configs: configs = [] }) => configs)[0]?.url,
      operator.spec.receivers[0]?.webhookConfigs[0]?.url,
    ];

    expect(urls.map((url) => new URL(url ?? '').pathname)).toEqual([
      '/webhooks/alertmanager',
      '/webhooks/alertmanager',
    ]);
  });
});
