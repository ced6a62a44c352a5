import { realpathSync, statSync } from 'node:fs';

/** Where a file is put. */
export interface Place {
  /** The name behind links: a file that is renamed onto a link would take the link's place. */
  readonly path: string;
  /** False for what is no file, such as `/dev/null` or a pipe: it is written to, as a renamed file would take its place. */
  readonly isReplaced: boolean;
}

/** The place that is called `path`; nothing has to be there. Throws when that cannot be found out. */
export function placeOf(path: string): Place {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { path, isReplaced: true };
  return found.isFile() ? { path: realpathSync(path), isReplaced: true } : { path, isReplaced: false };
}
