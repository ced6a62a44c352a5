import type { Store } from '../../src/store/store.ts';
import { configurationContract } from './contract/configuration.ts';
import { countingContract } from './contract/counting.ts';
import { currentStateContract } from './contract/current-state.ts';
import { deploymentsContract } from './contract/deployments.ts';
import { importsContract } from './contract/imports.ts';
import { randomDeploymentsContract } from './contract/random-deployments.ts';
import { randomHistoriesContract } from './contract/random-histories.ts';
import { retentionContract } from './contract/retention.ts';
import { revisionsContract } from './contract/revisions.ts';
import { serviceLimitContract } from './contract/service-limit.ts';
import { storedStateContract } from './contract/stored-state.ts';
import { subjectsContract } from './contract/subjects.ts';
import { transactionsContract } from './contract/transactions.ts';

/** Where one store lives. */
export interface StoreLocation {
  /** Opens the store, making it if there is none; the one opened before must be closed. */
  open(): Store;
  /** The store as another process would find it if this one ended right now; the one that is open stays open. */
  crash(): Store;
  /** From now on every transaction fails at its end, as with a full disk, until the function given back is called. */
  fill(): () => void;
}

/** One engine of the store; each must pass every sentence of this suite. */
export interface StoreEngine {
  /** An empty place; what is opened there is closed and removed at the end of the test. */
  place(): StoreLocation;
}

export function storeContract(engine: StoreEngine): void {
  countingContract(engine);
  revisionsContract(engine);
  subjectsContract(engine);
  deploymentsContract(engine);
  serviceLimitContract(engine);
  configurationContract(engine);
  retentionContract(engine);
  storedStateContract(engine);
  currentStateContract(engine);
  transactionsContract(engine);
  randomHistoriesContract(engine);
  randomDeploymentsContract(engine);
  importsContract(engine);
}
