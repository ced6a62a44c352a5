import type { Config } from '../../config/types.ts';
import { statisticsSettings } from '../../core/settings.ts';
import { toPostmortem } from '../../report/postmortem/document.ts';
import { type FactsInput, gatherFacts } from '../../report/postmortem/facts.ts';
import { renderPostmortem } from '../../report/postmortem/template.ts';
import type { PostmortemRequest } from '../../server/api/queries.ts';
import { RequestProblem } from '../../server/responses.ts';

export interface PostmortemInput extends Pick<FactsInput, 'history' | 'providers' | 'labelMapper'> {
  readonly config: Config;
}

/** The review of one incident, in JSON or Markdown, without its title; throws a RequestProblem (404) when there is none. */
export function writePostmortem(
  { config, ...input }: PostmortemInput,
  { provider, id, format }: PostmortemRequest,
): string {
  const details = input.history.find(id).find((one) => one.provider === provider);
  if (details === undefined) {
    throw new RequestProblem(404, `provider ${JSON.stringify(provider)} has no incident ${JSON.stringify(id)}`);
  }
  const { severities, timezone } = config;
  const facts = gatherFacts({ ...input, details, severities, settings: statisticsSettings(config) });
  return format === 'json'
    ? JSON.stringify(toPostmortem(facts))
    : renderPostmortem(facts, { timezone, hasTitle: false });
}
