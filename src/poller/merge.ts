import type { Incident, Rejection } from '../model/incident.ts';
import type { Page } from '../model/poll.ts';
import { validate } from '../model/validity.ts';

/** All pages of a poll as one, in their order; of a subject that several pages tell whole, the last telling counts. */
export function mergePages(pages: readonly Page[]): Page {
  const [first, ...rest] = pages;
  if (first === undefined) throw new Error('a poll ended without a page');
  return rest.reduce(joinPages, first);
}

function joinPages(before: Page, after: Page): Page {
  const told = new Set(after.wholeSubjects);
  const kept = before.incidents.filter(({ subject }) => subject === undefined || !told.has(subject));
  return {
    incidents: [...kept, ...after.incidents],
    signals: [...before.signals, ...after.signals],
    rejected: [...before.rejected, ...after.rejected],
    deletedIds: [...before.deletedIds, ...after.deletedIds],
    wholeSubjects: [...new Set([...before.wholeSubjects, ...after.wholeSubjects])],
    catalogue: after.catalogue ?? before.catalogue,
    cursor: after.cursor,
    complete: after.complete,
  };
}

/** Puts incidents that cannot be counted among the rejected ones, and drops single stamps that make no sense. */
export function judgePage(page: Page, nowMs: number): Page {
  const incidents: Incident[] = [];
  const rejected: Rejection[] = [...page.rejected];
  for (const incident of page.incidents) {
    const verdict = validate(incident, nowMs);
    if ('reason' in verdict) rejected.push({ id: incident.id, key: incident.id, ...verdict });
    else incidents.push(verdict);
  }
  return { ...page, incidents, rejected };
}
