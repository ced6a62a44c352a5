import { toEnvironment } from '../config/deployments.ts';
import type { EnvironmentRule } from '../config/types.ts';

/**
 * The first of some names that the configuration reads as an environment; else the first word of the names that it does, for platforms
 * whose jobs and applications are named after their environment (`deploy-prod`). The first name where there is none.
 */
export function chooseEnvironment(rules: readonly EnvironmentRule[], names: readonly (string | undefined)[]): string {
  const given = names.flatMap((name) => (name === undefined || name === '' ? [] : [name]));
  const words = given.flatMap((name) => name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''));
  const isRead = (name: string) => toEnvironment(rules, name) !== undefined;
  return given.find(isRead) ?? words.find(isRead) ?? given[0] ?? '';
}
