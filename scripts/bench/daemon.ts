import { monitorEventLoopDelay } from 'node:perf_hooks';
import { z } from 'zod';
import { type Daemon, startDaemon } from '../../src/app/daemon.ts';
import { systemClock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import type { Part } from './parts.ts';
import { configOf, silent } from './setting.ts';

/** How fine the delay is sampled; the samples' own length is taken off what is told. */
const RESOLUTION_MS = 5;
const NS_PER_MS = 1e6;

export const DaemonStart = z.object({
  path: z.string(),
  detail: z.enum(['standard', 'full']),
  url: z.string(),
  rateLimit: z.string().optional(),
});
export const DaemonUrl = z.object({ metricsUrl: z.string(), readyUrl: z.string() });
export const Delay = z.object({ p50: z.number(), p99: z.number(), max: z.number() });

/** The whole exporter as `serve` runs it, in a process of its own. */
export function daemonPart(): Part {
  let daemon: Daemon | undefined;
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  return {
    start: async (input) => {
      const config = configOf(DaemonStart.parse(input));
      daemon = await startDaemon({
        config,
        readConfig: () => config,
        platforms,
        serving: {
          listenAddresses: ['127.0.0.1:0'],
          telemetryPath: '/metrics',
          routePrefix: undefined,
          externalUrl: undefined,
          enableLifecycle: false,
          web: undefined,
        },
        clock: systemClock,
        log: silent,
        version: 'bench',
        onFatal: (error) => {
          throw error;
        },
      });
      const [url = ''] = daemon.urls;
      return { metricsUrl: `${url}metrics`, readyUrl: `${url}-/ready` };
    },
    watchLoop: async () => {
      delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      delay.enable();
      return {};
    },
    loopDelay: async () => {
      delay?.disable();
      const inMs = (ns: number) => ns / NS_PER_MS;
      return {
        p50: inMs(delay?.percentile(50) ?? 0),
        p99: inMs(delay?.percentile(99) ?? 0),
        max: inMs(delay?.max ?? 0),
      };
    },
    stop: async () => {
      await daemon?.stop();
      return {};
    },
  };
}
