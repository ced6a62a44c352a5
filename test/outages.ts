import { existsSync, readFileSync } from 'node:fs';

/** Real outages with independently computed answers, where they are beside the checkout. */
const FOLDER = new URL('../../shared/data/outages/', import.meta.url);

/** Tests of them are skipped without them, and their names say so. */
export const isThere: boolean = existsSync(FOLDER);
export const says: string = isThere ? '' : ' (skipped: ../shared/data/outages is absent)';

export const OUTAGES_FILE = new URL('outages.ndjson', FOLDER);

/** One line of the file. */
export interface Outage {
  readonly id: string;
  readonly service: string;
  readonly severity: string;
  readonly triggeredAt: string;
  readonly resolvedAt: string | null;
}

export function outagesText(): string {
  return readFileSync(OUTAGES_FILE, 'utf8');
}

export function realOutages(): Outage[] {
  const lines = outagesText().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Outage);
}

/** What was computed elsewhere, as the reader of it declares it. */
export function readExpected<Expected>(): Expected {
  return JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8')) as Expected;
}
