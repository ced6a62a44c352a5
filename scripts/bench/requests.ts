import { loadConfig } from '../../src/config/load.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS, systemClock } from '../../src/model/time.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { platforms } from '../../src/providers/registry.ts';
import { DEMO_PLATFORMS, type DemoPlatform } from '../../src/simulator/demo-platforms.ts';
import { startFirehydrantFake } from '../../src/simulator/firehydrant.ts';
import { createOrganisation, type Organisation } from '../../src/simulator/organisation.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import { startSplunkOncallFake } from '../../src/simulator/splunk-oncall.ts';
import { startStatuspageFake } from '../../src/simulator/statuspage.ts';
import type { World } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from '../../test/providers/memory-known.ts';
import { silentObserver } from '../../test/providers/setup.ts';
import { inShare, type Line } from './row.ts';

const HISTORY_MS = 30 * DAY_MS;

/** The least that an API allows where it lists changes: one request tells what is new, be it open or not. */
const WITH_CHANGES = 1;
/** Where it lists no changes: what was created (of alarms their history, in each region), and what is open. */
const WITHOUT_CHANGES = 2;
const NO_LIST_OF_CHANGES: readonly string[] = ['datadog', 'splunk-oncall', 'statuspage', 'betterstack', 'cloudwatch'];

/** The requests of one poll in which nothing has happened, of each platform of which there is a fake. */
export async function quietPollRow(): Promise<readonly Line[]> {
  const nowMs = Date.now();
  const types = DEMO_PLATFORMS.map(({ type }) => type);
  const shop = createOrganisation({ seed: 7, nowMs, historyMs: HISTORY_MS, further: types });
  const lines: Line[] = [];
  for (const platform of DEMO_PLATFORMS) lines.push(await quietPoll(platform, shop, nowMs));
  return lines;
}

async function quietPoll(platform: DemoPlatform, shop: Organisation, nowMs: number): Promise<Line> {
  const fake = await platform.start(shop);
  const provider = createProvider(platform, { base_url: fake.url, ...platform.settings(shop) });
  const memory = createMemoryKnown();
  const poll = async (atMs: number) => {
    const before = fake.requests.length;
    await pollInto(memory, provider, { nowMs: atMs, historyStartMs: nowMs - HISTORY_MS });
    return fake.requests.length - before;
  };
  const first = await poll(nowMs);
  await poll(nowMs + MINUTE_MS);
  const quiet = await poll(nowMs + 2 * MINUTE_MS);
  await provider.close();
  await fake.close();
  const regions = platform.type === 'cloudwatch' ? new Set(shop.cloudwatch.alarms.map(({ region }) => region)).size : 1;
  const least = regions * (NO_LIST_OF_CHANGES.includes(platform.type) ? WITHOUT_CHANGES : WITH_CHANGES);
  return {
    what: `requests of one quiet poll: ${platform.type}`,
    measured: String(quiet),
    mustReach: `(the API allows ${least})`,
    raw: `${first} requests in the first sync of ${memory.incidents.size} incidents`,
  };
}

/** A platform with a published limit that is low enough to be met, and how many pages its first sync takes. */
interface Limited {
  readonly type: string;
  readonly requests: number;
  readonly perMs: number;
  readonly pages: number;
  readonly start: (world: World, options: FakeOptions) => Promise<Fake>;
}

const LIMITED: readonly Limited[] = [
  { type: 'firehydrant', requests: 50, perMs: 10 * SECOND_MS, pages: 150, start: startFirehydrantFake },
  { type: 'statuspage', requests: 1, perMs: SECOND_MS, pages: 30, start: startStatuspageFake },
  { type: 'splunk-oncall', requests: 1, perMs: MINUTE_MS, pages: 3, start: startSplunkOncallFake },
];
const PAGE = 100;
const USED_LEAST = 0.95;

/** How much of a platform's published limit a first sync uses with the default `rate_limit`, and whether it exceeds it. */
export async function limitsRow(): Promise<readonly Line[]> {
  const lines: Line[] = [];
  // One after the other: a fake that is busy would make requests to another arrive closer together than they were sent.
  for (const limited of LIMITED) lines.push(await firstSync(limited));
  return lines;
}

async function firstSync({ type, requests: perMinute, perMs, pages, start }: Limited): Promise<Line> {
  const nowMs = Date.now();
  const world: World = { incidents: Array.from({ length: pages * PAGE }, (_, at) => invent(at, nowMs)), alarms: [] };
  const fake = await start(world, { perMinute, perMs });
  const platform = DEMO_PLATFORMS.find((one) => one.type === type);
  if (platform === undefined) throw new Error(`there is no fake of ${type}`);
  const { rate_limit: _frequent, ...settings } = platform.settings(
    createOrganisation({ seed: 7, nowMs, historyMs: DAY_MS }),
  );
  const provider = createProvider(platform, { base_url: fake.url, ...settings });
  await pollInto(createMemoryKnown(), provider, { nowMs, historyStartMs: nowMs - HISTORY_MS });
  await provider.close();
  await fake.close();
  // Of Splunk On-Call only the history has this limit.
  const limited = fake.requests.filter(({ path }) => !path.startsWith('/api-public/')).map(({ atMs }) => atMs);
  const throttled = fake.requests.filter(({ status }) => status === 429 || status === 420).length;
  const elapsedMs = (limited.at(-1) ?? 0) - (limited[0] ?? 0);
  const used = ((limited.length - 1) * perMs) / (elapsedMs * perMinute);
  return {
    what: `first sync of ${type} with its default rate_limit: share of the platform's limit used`,
    measured: `${inShare(used)}, ${throttled} refused`,
    mustReach: `≥ ${inShare(USED_LEAST)}, none refused`,
    isReached: used >= USED_LEAST && throttled === 0,
    raw: `${limited.length} requests in ${(elapsedMs / SECOND_MS).toFixed(1)} s, ${perMinute} in ${perMs / SECOND_MS} s allowed`,
  };
}

function invent(at: number, nowMs: number): World['incidents'][number] {
  const triggeredAtMs = nowMs - 29 * DAY_MS + at * MINUTE_MS;
  const events = [{ kind: 'resolve' as const, atMs: triggeredAtMs + 30 * SECOND_MS, by: 'person' as const }];
  const service = { id: 'S1', name: 'checkout' };
  return { id: String(at + 1), title: `checkout ${at}`, service, urgency: 'high', triggeredAtMs, events };
}

function createProvider({ type, name = type }: DemoPlatform, settings: Readonly<Record<string, unknown>>): Provider {
  const text = JSON.stringify({ providers: [{ name, type, ...settings }] });
  const env = { AWS_ACCESS_KEY_ID: 'invented', AWS_SECRET_ACCESS_KEY: 'invented' };
  Object.assign(process.env, env);
  const { config } = loadConfig({ text, filename: 'bench.yml', env, platforms, readFile: () => '', nowMs: 0 });
  const [provider] = config.providers;
  const platform = platforms.find((one) => one.type === type);
  if (provider === undefined || platform === undefined) throw new Error(`there is no type ${type}`);
  return platform.create(provider, { clock: systemClock, observer: silentObserver });
}
