import { describe, expect, it } from 'vitest';
import { spacingMs } from '../../src/http/rate-limiter.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';

/** The limits that the platforms publish. */
const PUBLISHED = [
  { type: 'rootly', requests: 3000, perMs: MINUTE_MS },
  { type: 'firehydrant', requests: 50, perMs: 10 * SECOND_MS },
  { type: 'splunk-oncall', requests: 1, perMs: MINUTE_MS },
  { type: 'statuspage', requests: 1, perMs: SECOND_MS },
];

describe('the default rate_limit', () => {
  it.each(PUBLISHED)(
    'of $type uses 95 % of what the platform allows, and not all of it',
    ({ type, requests, perMs }) => {
      const limit = platforms.find((platform) => platform.type === type)?.defaultRateLimit;

      const used = limit === undefined ? 0 : perMs / spacingMs(limit) / requests;

      expect(used).toBeGreaterThanOrEqual(0.95);
      expect(used).toBeLessThan(1);
    },
  );
});
