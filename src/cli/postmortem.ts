import { Option } from 'commander';
import { z } from 'zod';
import type { Config } from '../config/types.ts';
import { statisticsSettings } from '../core/settings.ts';
import { findName } from '../report/filter.ts';
import { gatherFacts } from '../report/postmortem/facts.ts';
import { renderPostmortem } from '../report/postmortem/template.ts';
import type { Recorded } from '../store/history.ts';
import { writeOut } from './atomic-file.ts';
import { type Asked, type OneShot, type Surroundings, WrongUse } from './command.ts';
import { configFlag } from './flag-options.ts';
import type { HistorySource } from './history-source.ts';
import { configurationOf, readHistory } from './reading.ts';
import { wrongUseOf } from './wrong-use.ts';

const Values = z.object({
  'config.file': z.string().optional(),
  provider: z.string().optional(),
  outputFile: z.string().optional(),
  quiet: z.boolean().default(false),
});

/** A post-incident review of one incident, filled in as far as platforms tell. */
export const postmortem: OneShot = {
  name: 'postmortem',
  description: 'a post-incident review in Markdown, filled in with what is known',
  words: '<id>',
  examples: [
    ['postmortem Q0MW2U1B56012I', 'the id as the platform has it; explain and report show ids'],
    ['postmortem --output-file=review.md --provider=pagerduty Q0MW2U1B56012I', 'into a file, of one of the providers'],
  ],
  flags: () => [
    configFlag(),
    new Option('--provider <name>', 'whose incident it is, where several have one of this id'),
    new Option('--output-file <file>', 'write there, whole or not at all, instead of to standard output'),
    new Option('--quiet', 'no progress and no warnings'),
  ],
  run,
};

async function run({ values, words }: Asked, surroundings: Surroundings): Promise<number> {
  const { 'config.file': flag, provider, outputFile, quiet } = Values.parse(values);
  const [id, ...others] = words;
  if (id === undefined || others.length > 0) throw new WrongUse(`expected the id of one incident, not ${words.length}`);
  const config = configurationOf(flag, { surroundings, isQuiet: quiet });
  if (provider !== undefined) checkProvider(provider, config);
  const source = await readHistory(config, config.historyMs, { surroundings, isQuiet: quiet });
  try {
    const recorded = found(source, id, provider);
    const settings = statisticsSettings(config);
    const facts = gatherFacts({ ...source, recorded, settings, severities: config.severities });
    writeOut(renderPostmortem(facts, config.timezone), outputFile, surroundings);
    return 0;
  } finally {
    source.close();
  }
}

function checkProvider(provider: string, { providers }: Config): void {
  try {
    findName(
      'provider',
      provider,
      providers.map(({ name }) => name),
    );
  } catch (error) {
    throw wrongUseOf(error);
  }
}

function found({ history }: HistorySource, id: string, provider: string | undefined): Recorded {
  const all = history.find(id).filter((one) => provider === undefined || one.provider === provider);
  const [recorded, ...others] = all;
  if (recorded === undefined) {
    const read = history.providers.filter(({ isSynced }) => isSynced).map(({ name }) => name);
    const where = provider ?? (read.length === 0 ? 'any provider: none was read to its end yet' : read.join(', '));
    throw new Error(`no incident ${JSON.stringify(id)} is in the history of ${where}`);
  }
  if (others.length > 0) {
    const names = all.map((one) => one.provider).join(', ');
    throw new WrongUse(`several providers have an incident ${JSON.stringify(id)} (${names}); expected --provider`);
  }
  return recorded;
}
