import { hash } from 'node:crypto';
import type { Incident } from '../model/incident.ts';
import type { Known } from '../model/poll.ts';
import type { ImportTarget } from '../store/importing.ts';

/** Hexadecimal digits that fit a number exactly: 52 bits. */
const DIGEST_LENGTH = 13;

/** A target that looks things up and keeps nothing. */
export function createDryTarget(known: Pick<Known, 'incidents'>): ImportTarget {
  return { known, take: () => undefined };
}

/**
 * Tells whether an incident that would be taken was told before in the same run, and otherwise; undefined for the first
 * time. Two numbers an incident are kept, so a file of a million rows takes some 50 MB.
 */
export function createRepeats(): (incident: Incident) => 'unchanged' | 'changed' | undefined {
  const told = new Map<number, number>();
  return (incident) => {
    const id = digestOf(incident.id);
    const content = digestOf(JSON.stringify(incident));
    const before = told.get(id);
    told.set(id, content);
    if (before === undefined) return undefined;
    return before === content ? 'unchanged' : 'changed';
  };
}

function digestOf(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, DIGEST_LENGTH), 16);
}
