import type { z } from 'zod';
import type { Findings } from './findings.ts';
import type { Path } from './problems.ts';
import { knownKeys, tell } from './sentences.ts';
import { replaceAt, valueAt } from './tree.ts';

/**
 * What `schema` makes of the part of the document at `path`; undefined when it refuses, which `findings` then tell.
 * A text where a number, true or false is wanted is read as one: that is what expanded variables are. A key without a
 * value where a mapping is wanted is an empty one: that is what a section is whose keys are all commented out.
 */
export function parsePart<T>(schema: z.ZodType<T>, path: Path, findings: Findings): T | undefined {
  const input: unknown = structuredClone(valueAt(findings.document.value, path));
  let parsed = schema.safeParse(input, { error: knownKeys });
  while (!parsed.success && mend(input, parsed.error.issues)) parsed = schema.safeParse(input, { error: knownKeys });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) tell(issue, [...path, ...stepsOf(issue)], findings);
  return undefined;
}

function stepsOf(issue: z.core.$ZodIssue): (string | number)[] {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** Replaces each value that can be read as what a schema wanted; false when there was none. */
function mend(input: unknown, issues: readonly z.core.$ZodIssue[]): boolean {
  let isMended = false;
  for (const issue of issues) {
    if (issue.code !== 'invalid_type' || issue.path.length === 0) continue;
    const steps = stepsOf(issue);
    const value = readAs(issue.expected, valueAt(input, steps));
    if (value === undefined) continue;
    replaceAt(input, steps, value);
    isMended = true;
  }
  return isMended;
}

function readAs(wanted: string, text: unknown): unknown {
  if (text === null) return wanted === 'object' || wanted === 'record' ? {} : undefined;
  if (typeof text !== 'string') return undefined;
  if (wanted === 'boolean') return /^(true|false)$/.test(text) ? text === 'true' : undefined;
  const isNumber = (wanted === 'number' || wanted === 'int') && /^-?[0-9]{1,15}(\.[0-9]+)?$/.test(text);
  return isNumber ? Number(text) : undefined;
}
