import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import type {
  DeploymentWorld,
  SimulatedCommit,
  SimulatedDeployment,
  SimulatedRepository,
} from '../deployment-world.ts';
import type { SimulatedIncident } from '../world.ts';
import type { Past } from './incidents.ts';
import type { NonEmpty, Random } from './random.ts';

/** Services of the shop that are deployed from a repository of their own. */
const DEPLOYED: NonEmpty<string> = ['checkout', 'payments', 'storefront', 'search'];
const PER_DAY = 0.25;
/** One service is worked on so much lately that a week has enough failures for its recovery time; all the time would slow the first sync. */
const BUSY = { service: 'checkout', perDay: 8, lastMs: 15 * DAY_MS } as const;
/** Its newest deployment failed so long ago, and it is not deployed while somebody watches: something is always failing. */
const FAILING = { service: 'search', sinceMs: 25 * MINUTE_MS, quietMs: 3 * HOUR_MS } as const;
const OWNER = 'shop';
const ENVIRONMENT = 'production';
/** So many deployments of a repository are remembered, a day of the live ones: the oldest are forgotten. */
const DEPLOYMENTS_MAX = 1000;

/** Shares of what may become of a deployment; the others succeed and stay. */
const SHARES = { failed: 0.08, rolledBack: 0.04, cancelled: 0.02 } as const;
/** Share of the incidents of a service that follow a deployment of it. */
const CAUSED_BY_DEPLOYMENT = 0.07;

/** How fast the shop works: in its history, and while somebody watches the demo. */
interface Tempo {
  readonly durationMs: readonly [number, number];
  /** From a failure, or a bad success, to the end of what mends it. */
  readonly repairMs: readonly [number, number];
}
const HISTORY: Tempo = {
  durationMs: [3 * MINUTE_MS, 12 * MINUTE_MS],
  repairMs: [14 * MINUTE_MS, 95 * MINUTE_MS],
};
const LIVE: Tempo = { durationMs: [3 * SECOND_MS, 8 * SECOND_MS], repairMs: [15 * SECOND_MS, 50 * SECOND_MS] };
const LIVE_EVERY_MS = [18 * SECOND_MS, 28 * SECOND_MS] as const;

/** The shop's repositories with their deployments, and how they go on. */
export interface ShopDeployments {
  readonly world: DeploymentWorld;
  /** To be called about every second. */
  readonly live: (nowMs: number) => void;
}

/** Invents deployments of some services; some of the incidents follow one of them. */
export function inventDeployments(
  random: Random,
  { nowMs, historyMs }: Past,
  incidents: readonly SimulatedIncident[],
): ShopDeployments {
  const writer = createWriter(random);
  const repositories = DEPLOYED.map((service, index): SimulatedRepository => {
    const repository = { id: index + 1, name: `${OWNER}/${service}`, deployments: [], commits: [] };
    const spread = (perDay: number, lastMs: number) =>
      Array.from({ length: Math.round((perDay * lastMs) / DAY_MS) }, () => nowMs - HOUR_MS - random.next() * lastMs);
    const usual = [
      ...spread(PER_DAY, historyMs),
      ...(service === BUSY.service ? spread(BUSY.perDay, BUSY.lastMs) : []),
    ];
    const causes = incidents
      .filter(({ service: { name }, triggeredAtMs }) => name === service && triggeredAtMs < nowMs)
      .filter(() => random.chance(CAUSED_BY_DEPLOYMENT))
      .map(({ triggeredAtMs }) => triggeredAtMs - random.between(15, 40) * MINUTE_MS);
    // What a failing repository deployed last must be over, repairs included, before it fails.
    const untilMs = service === FAILING.service ? nowMs - FAILING.quietMs : nowMs;
    const times = [...usual, ...causes].map(Math.floor).filter((atMs) => atMs < untilMs);
    for (const atMs of times.sort((a, b) => a - b)) writer.deploy(repository, atMs, HISTORY);
    if (service === FAILING.service) writer.fail(repository, nowMs - FAILING.sinceMs);
    return repository;
  });
  const lively = repositories.filter(({ name }) => name !== `${OWNER}/${FAILING.service}`);
  let nextAtMs = nowMs;
  return {
    world: { repositories },
    live: (atMs) => {
      if (atMs < nextAtMs) return;
      nextAtMs = atMs + random.between(...LIVE_EVERY_MS);
      const repository = lively[Math.floor(random.next() * lively.length)];
      if (repository === undefined) return;
      writer.deploy(repository, atMs, LIVE);
      repository.deployments.splice(0, repository.deployments.length - DEPLOYMENTS_MAX);
    },
  };
}

/** Writes deployments with the commits that they bring, in order of time. */
function createWriter(random: Random) {
  let lastId = 1000;
  let lastSha = 0;
  const nextSha = () => {
    lastSha += 1;
    return lastSha.toString(16).padStart(40, '0');
  };
  const commit = (repository: SimulatedRepository, atMs: number) => {
    const mergedAtMs = Math.floor(atMs - random.between(0.02, 1) * HOUR_MS);
    const openedAtMs = Math.floor(mergedAtMs - Math.min(random.heavyTailed(5 * HOUR_MS, 1), 10 * DAY_MS));
    const authoredAtMs = Math.floor(openedAtMs - Math.min(random.heavyTailed(7 * HOUR_MS, 1.1), 12 * DAY_MS));
    const parent = repository.commits.at(-1)?.sha;
    const made: SimulatedCommit = {
      sha: nextSha(),
      authoredAtMs,
      parents: parent === undefined ? [] : [parent],
      pullRequest: { firstCommitAtMs: authoredAtMs, openedAtMs, mergedAtMs },
    };
    repository.commits.push(made);
  };
  const push = (repository: SimulatedRepository, one: Omit<SimulatedDeployment, 'id' | 'environment'>) => {
    lastId += 1;
    repository.deployments.push({ id: lastId, environment: ENVIRONMENT, ...one });
  };
  return {
    /** Deploys what is new; what goes wrong is mended by a later deployment. */
    deploy: (repository: SimulatedRepository, atMs: number, tempo: Tempo) => {
      const before = repository.commits.at(-1)?.sha;
      for (let left = 1 + Math.floor(random.next() * 4); left > 0; left -= 1) commit(repository, atMs);
      const sha = repository.commits.at(-1)?.sha ?? '';
      const endedAtMs = Math.floor(atMs + random.between(...tempo.durationMs));
      const mendedAtMs = Math.floor(endedAtMs + random.between(...tempo.repairMs));
      const mendingAtMs = Math.floor(
        mendedAtMs - Math.min(random.between(...tempo.durationMs), mendedAtMs - endedAtMs),
      );
      const chance = random.next();
      const isFailed = chance < SHARES.failed;
      const isRolledBack = !isFailed && chance < SHARES.failed + SHARES.rolledBack && before !== undefined;
      const ended = chance > 1 - SHARES.cancelled ? 'INACTIVE' : 'SUCCESS';
      const state = isFailed ? 'FAILURE' : ended;
      push(repository, { ref: 'main', sha, createdAtMs: atMs, statuses: run(atMs, endedAtMs, state) });
      if (isFailed) {
        commit(repository, mendingAtMs);
        const fixed = repository.commits.at(-1)?.sha ?? sha;
        const statuses = run(mendingAtMs, mendedAtMs, 'SUCCESS');
        push(repository, { ref: 'hotfix/repair', sha: fixed, createdAtMs: mendingAtMs, statuses });
      } else if (isRolledBack) {
        const statuses = run(mendingAtMs, mendedAtMs, 'SUCCESS');
        push(repository, { ref: 'main', sha: before, createdAtMs: mendingAtMs, statuses });
      }
    },
    /** Deploys what is new, fails, and leaves it so. */
    fail: (repository: SimulatedRepository, endedAtMs: number) => {
      const createdAtMs = endedAtMs - HISTORY.durationMs[0];
      commit(repository, createdAtMs);
      const sha = repository.commits.at(-1)?.sha ?? '';
      push(repository, { ref: 'main', sha, createdAtMs, statuses: run(createdAtMs, endedAtMs, 'FAILURE') });
    },
  };
}

function run(createdAtMs: number, endedAtMs: number, state: string): SimulatedDeployment['statuses'] {
  return [
    { state: 'IN_PROGRESS', atMs: createdAtMs },
    { state, atMs: endedAtMs },
  ];
}
