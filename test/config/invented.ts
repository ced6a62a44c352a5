import { z } from 'zod';
import { type LoadOptions, loadConfig } from '../../src/config/load.ts';
import type { PlatformSettings } from '../../src/config/types.ts';

/** A platform with a secret. */
export const invented: PlatformSettings = {
  type: 'invented',
  shape: {
    api_key: z.string().min(1).describe('Key of the API.'),
    region: z.enum(['us', 'eu']).default('us'),
  },
  secrets: ['api_key'],
  defaultRateLimit: { requests: 900, perMs: 60_000 },
  defaultTags: {},
  fromEnvironment: ({ INVENTED_TOKEN: token, INVENTED_REGION: region }) =>
    token === undefined ? undefined : { api_key: token, ...(region !== undefined && { region }) },
};

/** A platform with tags, lists, numbers and no secret. */
export const tagged: PlatformSettings = {
  type: 'tagged',
  shape: {
    regions: z.array(z.string().min(1)).min(1),
    depth: z.int().min(1).default(3),
    deep: z.boolean().default(false),
    passphrase: z.string().length(8).optional(),
  },
  secrets: ['passphrase'],
  defaultRateLimit: { requests: 2, perMs: 1000 },
  defaultTags: { service: 'service', severity: 'severity' },
  sources: ['tag', 'field'],
  fromEnvironment: (env) => (env['TAGGED_REGIONS'] ? { regions: env['TAGGED_REGIONS'].split(',') } : undefined),
};

/** A platform whose records are deployments when its source is. */
export const deploying: PlatformSettings = {
  type: 'deploying',
  shape: { source: z.enum(['deployments', 'issues']).default('issues') },
  secrets: [],
  deployments: 'source',
  defaultRateLimit: { requests: 2, perMs: 1000 },
  defaultTags: {},
  fromEnvironment: () => undefined,
};

/** A platform whose records are state changes. */
export const alarms: PlatformSettings = {
  type: 'alarms',
  shape: {},
  secrets: [],
  hasStateChanges: true,
  defaultRateLimit: { requests: 2, perMs: 1000 },
  defaultTags: {},
  fromEnvironment: () => undefined,
};

export const platforms = [invented, tagged, deploying, alarms];

/** 2026-08-22 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 7, 22, 12);

/** Loads a text as `c.yml`, with one variable that is set and one file that holds a secret. */
export function load(text: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({
    text,
    filename: 'c.yml',
    env: { TOKEN: 'token-of-the-environment' },
    platforms,
    readFile: (path) => {
      if (path === '/secrets/key') return 'key-of-the-file\n';
      if (path === '/secrets/empty') return '\n';
      throw Object.assign(new Error(`cannot open ${path}, which holds hunter2`), { code: 'ENOENT' });
    },
    nowMs: NOW_MS,
    ...options,
  });
}

/** The message with which a text is refused. */
export function refusal(text: string, options: Partial<LoadOptions> = {}): string {
  try {
    load(text, options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'it was accepted';
}

/** A provider and whatever else. */
export const withProvider = (rest: string) => `providers: [{ type: invented, api_key: k }]\n${rest}`;
