import { statisticsSettings } from '../../core/settings.ts';
import { findName } from '../../report/filter.ts';
import { toPostmortem } from '../../report/postmortem/document.ts';
import { gatherFacts } from '../../report/postmortem/facts.ts';
import { renderPostmortem } from '../../report/postmortem/template.ts';
import type { IncidentDetails } from '../../store/snapshot.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { configurationForHistory } from '../configuration.ts';
import { configFile, oneOfOrDefault, optional, outputFile, quiet, UsageError } from '../flags.ts';
import { type HistorySource, openHistorySource } from '../open-history.ts';
import { writeOutput } from '../write-file-atomic.ts';

const flags = {
  configFile,
  provider: optional('--provider <name>', 'provider of the incident, if several have this id'),
  output: oneOfOrDefault('--output <format>', 'output format', ['markdown', 'json'], 'markdown'),
  outputFile,
  quiet,
};

/** A post-incident review of one incident, filled in as far as the platform reports. */
export const postmortem = defineCommand({
  name: 'postmortem',
  description: 'write a post-incident review in Markdown or JSON, filled in with what is recorded',
  operands: '<id>',
  examples: [
    ['postmortem Q0MW2U1B56012I', 'the id that the platform shows; explain and report list ids'],
    ['postmortem --output-file=review.md --provider=pagerduty Q0MW2U1B56012I', 'into a file, from one provider'],
    ['postmortem --output=json Q0MW2U1B56012I', 'for a program'],
  ],
  flags,
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number> {
  const { provider, output, outputFile: file, quiet: isQuiet } = args.flags;
  const [id = '', ...others] = args.operands;
  if (others.length > 0) throw new UsageError(undefined, `expected one incident id, got ${args.operands.length}`);
  const config = configurationForHistory(args.flags, context);
  const names = config.providers.map(({ name }) => name);
  if (provider !== undefined) findName('provider', provider, names);
  const source = await openHistorySource({ config, historyMs: config.historyMs, isQuiet }, context);
  try {
    const details = findIncident(source, id, provider);
    const settings = statisticsSettings(config);
    const facts = gatherFacts({ ...source, details, settings, severities: config.severities });
    const json = () => `${JSON.stringify(toPostmortem(facts), undefined, 2)}\n`;
    const { timezone } = config;
    writeOutput(output === 'json' ? json() : renderPostmortem(facts, { timezone }), file, context);
    return 0;
  } finally {
    source.close();
  }
}

function findIncident({ history }: HistorySource, id: string, provider: string | undefined): IncidentDetails {
  const all = history.find(id).filter((one) => provider === undefined || one.provider === provider);
  const [details, ...others] = all;
  if (details === undefined) {
    const synced = history.providers.filter(({ isSynced }) => isSynced).map(({ name }) => name);
    const where = synced.length === 0 ? 'any provider: the first sync is incomplete' : synced.join(', ');
    throw new Error(`no incident ${JSON.stringify(id)} in the history of ${provider ?? where}`);
  }
  if (others.length > 0) {
    const names = all.map((one) => one.provider).join(', ');
    throw new UsageError(undefined, `several providers have incident ${JSON.stringify(id)} (${names}); add --provider`);
  }
  return details;
}
