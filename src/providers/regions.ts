import type { ProbeReport } from './probes.ts';

/**
 * The region of a provider with two regions, and a hint for a refused key. No request goes to the other region: our key is
 * sent to the configured host only.
 */
export function describeRegion(baseUrl: string | undefined, region: 'us' | 'eu'): ProbeReport['region'] {
  if (baseUrl !== undefined)
    return { name: 'as base_url says', hint: "is base_url the address of the account's region?" };
  const other = region === 'us' ? 'eu' : 'us';
  const hint = `a key of the other region is refused like a wrong one; if the account is there, try region: ${other}`;
  return { name: region, hint };
}
