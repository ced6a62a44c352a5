import { RequestError } from '../../http/errors.ts';
import type { Call, Diagnosis } from '../diagnosis.ts';
import { createTrials, type Trials } from '../trials.ts';
import { type Examining, examineRegion, pagesOf, type RegionFound } from './examine-region.ts';
import { judgeSdkError } from './judge.ts';
import { outcomeOfSdk } from './outcomes.ts';

/** In US dollars, as published for API requests in November 2026 (beyond the first million of a month). */
const USD_PER_THOUSAND = 0.01;

/** Finds credentials once, then asks every region for all that polls ask for. */
export async function examineRegions(examining: Examining): Promise<Diagnosis> {
  const { regions, signal, isElsewhere } = examining;
  const trials = createTrials(signal, outcomeOfSdk);
  await findCredentials(examining, trials);
  const isGood = trials.list.every(({ outcome }) => outcome === 'ok');
  const found = isGood ? await Promise.all(regions.map((region) => examineRegion(region, examining))) : [];
  const names = regions.map(({ name }) => name).join(', ');
  const diagnosis: Diagnosis = {
    trials: [...trials.list, ...found.flatMap((one) => one.trials)],
    region: {
      name: isElsewhere ? `${names}, by way of base_url` : names,
      ...(isGood ? { hint: 'is each region enabled for the account, and are the credentials of its partition?' } : {}),
    },
  };
  const isRead = found.length > 0 && found.every((one) => one.trials.every((trial) => !trial.isNeeded || isOk(trial)));
  return isRead ? { ...diagnosis, ...togetherOf(found) } : diagnosis;
}

function isOk({ outcome }: { outcome: string }): boolean {
  return outcome === 'ok';
}

async function findCredentials({ regions, roleArn, signal }: Examining, trials: Trials): Promise<void> {
  const call: Call =
    roleArn === ''
      ? { call: 'chain of credentials', isNeeded: true, lost: 'everything, as no poll succeeds' }
      : { call: 'sts:AssumeRole', isNeeded: true, lost: 'everything, as alarms are read as that role' };
  await trials.attempt(call, async () => {
    try {
      await regions[0]?.api.credentials(signal);
    } catch (error) {
      // What does not pass the HTTP client is not redacted, and has no status when there was an answer.
      const { message, retry } = judgeSdkError(error);
      throw new RequestError(`${call.call}: ${message}`, { status: retry ? undefined : 401 });
    }
  });
}

function togetherOf(found: readonly RegionFound[]): Pick<Diagnosis, 'firstPage' | 'services' | 'load'> {
  const sum = (number: (one: RegionFound) => number) => found.reduce((total, one) => total + number(one), 0);
  const rejected = found.flatMap((one) => one.rejected);
  const names = [...new Set(found.flatMap(({ services }) => services))];
  return {
    firstPage: {
      incidents: found.flatMap(({ incidents }) => incidents),
      rejected: rejected.length,
      detail: rejected[0],
      total: undefined,
    },
    services: { names, count: names.length, isAll: found.every(({ isAllAlarms }) => isAllAlarms) },
    load: {
      // What fires, and what changed.
      perPoll: 2 * found.length,
      perHour: 0,
      firstSync: sum(({ changes, changedAlarms }) => 2 + pagesOf(changes) + changedAlarms),
      isTold: found.every(({ isTold }) => isTold),
      allowances: found.length,
      usdPerThousand: USD_PER_THOUSAND,
    },
  };
}
