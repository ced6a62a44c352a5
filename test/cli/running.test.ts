import { expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/cli/engine.ts';
import { run } from '../../src/cli/running.ts';
import { NOTHING_SHOWN } from '../../src/cli/shown.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createRefreshing } from '../../src/poller/refreshing.ts';
import { platforms } from '../../src/providers/registry.ts';
import { createHandClock, settled } from '../poller/clock.ts';

const text = 'providers: [{ type: pagerduty, api_key: k }]';
const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });

/** An engine without providers whose ticks end as the test says. */
function stage(tick: () => Promise<void>) {
  const clock = createHandClock(0);
  const lines: string[] = [];
  const fatal: unknown[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  let isClosed = false;
  const engine: Engine = {
    providers: [],
    open: async () => undefined,
    tick,
    delivered: () => undefined,
    counts: () => new Map(),
    shown: () => NOTHING_SHOWN,
    trend: { of: () => undefined, run: async () => undefined },
    refreshing: createRefreshing({ targets: [], clock, log }),
    isBroken: (error) => error instanceof RangeError,
    close: async () => {
      isClosed = true;
    },
  };
  const running = run(engine, config, { clock, log, onFatal: (error) => void fatal.push(error) });
  onTestFinished(() => running.stop());
  return { clock, lines, fatal, running, isClosed: () => isClosed };
}

it('renders once a second at most', async () => {
  let ticks = 0;
  const { clock } = stage(async () => void (ticks += 1));
  await settled();

  await clock.advance(999);
  const before = ticks;
  await clock.advance(2001);

  expect(before).toBe(1);
  expect(ticks).toBe(4);
});

it('tells of a trouble that stays once, and of its end', async () => {
  const troubles = ['disk is full', 'disk is full', 'disk is full', undefined, undefined];
  const { clock, lines, fatal } = stage(async () => {
    const trouble = troubles.shift();
    if (trouble !== undefined) throw new Error(trouble);
  });
  await settled();

  await clock.advance(5000);

  expect(lines).toEqual([
    'error the page could not be brought up to date',
    'info the page is brought up to date again',
  ]);
  expect(fatal).toEqual([]);
});

it('hands the error of a damaged store on: only a restart helps', async () => {
  const damaged = new RangeError('malformed');
  const { fatal } = stage(() => Promise.reject(damaged));

  await settled();

  expect(fatal).toEqual([damaged]);
});

it('renders nothing after its stop, and closes the engine', async () => {
  let ticks = 0;
  const { clock, running, isClosed } = stage(async () => void (ticks += 1));
  await settled();

  await running.stop();
  await clock.advance(5000);

  expect(ticks).toBe(1);
  expect(isClosed()).toBe(true);
});
