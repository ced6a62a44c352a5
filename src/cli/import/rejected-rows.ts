import { REJECTED } from '../../imports/file-format.ts';
import type { RejectedRow } from '../../imports/importing.ts';
import { messageOf } from '../../model/error-message.ts';
import { type AtomicFile, openAtomicFile } from '../write-file-atomic.ts';
import { displayName, type ImportFile, type ImportOptions, STANDARD_INPUT } from './options.ts';

/** Rejections that the summary shows. */
const EXAMPLES_MAX = 5;
/** Rows may hold what other users must not read. */
const OWNER_ONLY = 0o600;

/** Keeps the rejected rows of all files: one JSON object per line, to be corrected and imported again. */
export interface RejectedRows {
  add(file: ImportFile, row: RejectedRow): void;
  /** The first rejections, one line each. */
  readonly examples: readonly string[];
  /** Renames the files to their names; returns their paths. Without a rejected row there is no file. */
  commit(): string[];
  /** Leaves nothing behind. */
  discard(): void;
}

/** A dry run writes no file. */
export function createRejectedRows(options: Pick<ImportOptions, 'isDryRun' | 'rejectedFile'>): RejectedRows {
  const files = new Map<string, AtomicFile>();
  const examples: string[] = [];
  const openOnce = (path: string) => {
    const file = files.get(path) ?? openAtomicFile(path, { mode: OWNER_ONLY });
    files.set(path, file);
    return file;
  };
  return {
    examples,
    add: (file, { record, ...rejected }) => {
      const { line, recordNumber, reason, detail } = rejected;
      const position = recordNumber === undefined ? line : `${line} (record ${recordNumber})`;
      if (examples.length < EXAMPLES_MAX) examples.push(`${displayName(file)}:${position}: ${reason}: ${detail}`);
      const path = findPath(file, options);
      if (path === undefined) return;
      const text = `${JSON.stringify({ [REJECTED]: rejected, ...record })}\n`;
      naming(path, () => openOnce(path).write(text));
    },
    commit: () => {
      for (const [path, file] of files) naming(path, () => file.commit());
      return [...files.keys()];
    },
    discard: () => {
      for (const file of files.values()) file.discard();
    },
  };
}

/** Undefined in a dry run, and for standard input without `--rejected-file`. */
function findPath(
  file: ImportFile,
  { isDryRun, rejectedFile }: Pick<ImportOptions, 'isDryRun' | 'rejectedFile'>,
): string | undefined {
  if (isDryRun) return undefined;
  return rejectedFile ?? (file.name === STANDARD_INPUT ? undefined : `${file.name}.rejected.ndjson`);
}

function naming(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new Error(`cannot write rejected rows to ${path} (${messageOf(error)}); use another --rejected-file`, {
      cause: error,
    });
  }
}
