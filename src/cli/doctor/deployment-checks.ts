import { formatCount } from '../../model/format.ts';
import type { SeenDeployments } from '../../providers/probes.ts';
import { type Check, listNames, numberText } from './report.ts';

/** What the newest deployments show, of a provider that reads deployments. */
export function checkDeployments(seen: SeenDeployments): Check {
  const { repositories, refused, count, environments, unknownEnvironments } = seen;
  const numbers = { repositories, repositories_refused: refused.length, deployments: count };
  const of = repositories === 1 ? '1 repository' : `one of ${numberText(repositories)} repositories`;
  const notRead = `not read, as environments does not name them: ${listNames(unknownEnvironments)}`;
  const parts = [
    `${formatCount(count, 'deployment')} on the first page of ${of}`,
    ...(environments.length === 0 ? [] : [`environments read: ${listNames(environments)}`]),
    ...(unknownEnvironments.length === 0 ? [] : [notRead]),
    ...(refused.length === 0 ? [] : [`cannot be read: ${listNames(refused)}`]),
  ];
  const isWarning = refused.length > 0 || (count > 0 && environments.length === 0);
  return { check: 'deployments', result: isWarning ? 'warning' : 'ok', found: parts.join('; '), numbers };
}
