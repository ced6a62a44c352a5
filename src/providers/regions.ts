import type { ProbeReport } from './probes.ts';

/**
 * Where a provider of a platform with two regions asks, and what to say when its key is not taken there. The other region
 * is never asked: our key goes to the configured host alone.
 */
export function askedRegion(baseUrl: string | undefined, region: 'us' | 'eu'): ProbeReport['region'] {
  if (baseUrl !== undefined)
    return { name: 'as base_url says', hint: "is base_url the address of the account's region?" };
  const other = region === 'us' ? 'eu' : 'us';
  const hint = `a key of the other region is refused like a wrong one; if the account is there, try region: ${other}`;
  return { name: region, hint };
}
