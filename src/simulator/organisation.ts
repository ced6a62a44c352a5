import { DAY_MS, SECOND_MS } from '../model/time.ts';
import type { DeploymentWorld } from './deployment-world.ts';
import { createLiveAlarms, inventAlarms } from './organisation/alarms.ts';
import { inventDeployments } from './organisation/deployments.ts';
import { createLiveIncidents, inventHistory, type Pace, type Past } from './organisation/incidents.ts';
import { createRandom } from './organisation/random.ts';
import { createOpener, SHOP_OPSGENIE, SHOP_PAGERDUTY, type ShopPlatform } from './organisation/shop.ts';
import type { World } from './world.ts';

export interface OrganisationOptions {
  /** The same seed and times, the same organisation. */
  readonly seed: number;
  readonly nowMs: number;
  /** How far the incidents reach back; 210 days unless told. Alarms have 30 days, as the platform forgets what is older. */
  readonly historyMs?: number;
  /** Further platforms, by type: each with incidents of its own in the services that are on Opsgenie. */
  readonly further?: readonly string[];
}

/** An invented shop on three platforms, or more. */
export interface Organisation {
  readonly pagerduty: World;
  readonly opsgenie: World;
  readonly cloudwatch: World;
  /** Deployments of some of the services that are on PagerDuty. */
  readonly github: DeploymentWorld;
  /** By type. */
  readonly further: ReadonlyMap<string, World>;
  /**
   * Lets time go on; to be called about every second. Incidents open and alarms fire at `nowMs`, one every five seconds or
   * so over all platforms; the ends planned for them lie ahead, where a fake hides them. On PagerDuty and on Opsgenie at
   * least one incident ends in any 45 s. What is very old is forgotten, so that memory is bounded.
   */
  live(nowMs: number): void;
}

const HISTORY_MS = 210 * DAY_MS;
const PACES = {
  pagerduty: { fromMs: 8 * SECOND_MS, toMs: 12 * SECOND_MS },
  opsgenie: { fromMs: 10 * SECOND_MS, toMs: 14 * SECOND_MS },
  cloudwatch: { fromMs: 18 * SECOND_MS, toMs: 28 * SECOND_MS },
} as const;

/** Invents the shop: 12 services of 4 teams, with their troubles until `nowMs` and after. */
export function createOrganisation({
  seed,
  nowMs,
  historyMs = HISTORY_MS,
  further = [],
}: OrganisationOptions): Organisation {
  const past = { nowMs, historyMs };
  const pagerduty = inventPlatform(SHOP_PAGERDUTY, { seed, past, pace: PACES.pagerduty });
  const opsgenie = inventPlatform(SHOP_OPSGENIE, { seed: seed + 1, past, pace: PACES.opsgenie });
  const random = createRandom(seed + 2);
  const cloudwatch: World = { incidents: [], alarms: inventAlarms(random, nowMs) };
  const others = further.map((type, index) => ({
    type,
    ...inventPlatform(SHOP_OPSGENIE, { seed: seed + 3 + index, past, pace: PACES.opsgenie }),
  }));
  const alarms = createLiveAlarms(cloudwatch, random, PACES.cloudwatch);
  const deployments = inventDeployments(createRandom(seed + 100), past, pagerduty.world.incidents);
  const lives = [deployments.live, pagerduty.live, opsgenie.live, alarms, ...others.map(({ live }) => live)];
  return {
    pagerduty: pagerduty.world,
    opsgenie: opsgenie.world,
    cloudwatch,
    github: deployments.world,
    further: new Map(others.map(({ type, world }) => [type, world])),
    live: (atMs) => {
      for (const live of lives) live(atMs);
    },
  };
}

interface Plan {
  readonly seed: number;
  readonly past: Past;
  readonly pace: Pace;
}

function inventPlatform(platform: ShopPlatform, { seed, past, pace }: Plan) {
  const random = createRandom(seed);
  const open = createOpener(platform, random);
  const world: World = { incidents: inventHistory(platform, { random, open }, past), alarms: [] };
  return { world, live: createLiveIncidents(world, { random, open }, pace) };
}
