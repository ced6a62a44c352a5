import { configured, inAllWindows, windowed } from '../expressions.ts';

/** The part of the incidents that should be within target. */
export const objective = configured('incident_target_objective_ratio');
/** The part that was. */
export const within = windowed('incident_within_target_ratio', 'severity');
/** On how many incidents that rests: the target of a severity is one for all of them. */
export const resolved = windowed('incident_window_resolved', 'severity');

/** Incidents that may miss the target, and those that did. */
export const allowedMisses = `${resolved} * (1 - ${objective})`;
/** Misses in the window; only for severities that have a target. */
export const misses = `${resolved} * (1 - ${within})`;

/** How much of the budget is used: 1 is all of it. */
export const used = `(1 - ${within}) / (1 - ${objective})`;
/** What is left of the budget; below zero it is overdrawn. */
export const left = `1 - ${used}`;
/** The same use in every configured window. */
export const usedInAllWindows = `(1 - ${inAllWindows('incident_within_target_ratio')}) / on (severity) group_left () (1 - ${objective})`;
/** Mean to acknowledge as a share of its target. */
export const acknowledgement = `${windowed('incident_mtta_minutes', 'severity')} / ${configured('incident_acknowledgement_target_minutes')}`;
