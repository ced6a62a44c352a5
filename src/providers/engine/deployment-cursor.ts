import { z } from 'zod';

/** Where the reading of one repository stands. */
const RepositoryPosition = z.object({
  /** The name under which it was first seen: it stays, so that a renamed repository is the same one. */
  name: z.string(),
  /** The newest record of its list that was read. */
  newestMs: z.number().optional(),
  /** Where its history continues: empty at the beginning of the list; absent when all of it was read. */
  history: z.string().optional(),
  /** Successes that ended at or after this may lack the comparison with the one before. */
  uncomparedMs: z.number().optional(),
  /** Deployments that ran when they were read last, by id: what the platform is asked with, and when they started. */
  unfinished: z.record(z.string(), z.tuple([z.string(), z.number()])),
});

const Cursor = z.object({
  source: z.literal('deployments'),
  phase: z.enum(['history', 'polling']),
  /** Where the history begins that was read, or is being read by the first sync. */
  historyStartMs: z.number(),
  /** Where it will begin when all histories below are read. */
  wantedStartMs: z.number(),
  /** When the first sync began, over a crash. */
  polledUntilMs: z.number(),
  /** What the configuration makes of the records besides labels. */
  readWith: z.array(z.string()),
  /** By the platform's id. */
  repositories: z.record(z.string(), RepositoryPosition),
});

export type RepositoryPosition = z.output<typeof RepositoryPosition>;
export type DeploymentCursor = z.output<typeof Cursor>;

/** The cursor of stored text; undefined before the first sync. Throws on the cursor of another source. */
export function decodeDeploymentCursor(text: string | undefined): DeploymentCursor | undefined {
  if (text === undefined) return undefined;
  const result = Cursor.safeParse(parse(text));
  if (result.success) return result.data;
  throw new Error('the stored position is of another type or source: give this provider a name of its own');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
