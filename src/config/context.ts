import { formatAlternatives } from '../model/text.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Path } from './object-path.ts';
import type { SeverityConfig } from './types.ts';

/** Returns a file's text; throws when it cannot be read. */
export type ReadFile = (path: string) => string;

/** What all parts of a configuration are resolved with. */
export interface Context {
  readonly severities: readonly SeverityConfig[];
  readonly readFile: ReadFile;
  readonly diagnostics: Diagnostics;
}

/** The configured severity of that name, compared without case; undefined, and an error, when there is none. */
export function findSeverity(name: string, path: Path, { severities, diagnostics }: Context): string | undefined {
  const found = severities.find((severity) => severity.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const expected = formatAlternatives(severities.map((severity) => severity.name));
    diagnostics.invalidValue({ path, message: 'is not a configured severity', expected });
  }
  return found?.name;
}
