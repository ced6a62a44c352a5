import { Option } from 'commander';
import { builtinMappings } from '../imports/builtin-mappings.ts';
import { FORMATS } from '../imports/file-format.ts';
import type { OneShot } from './command.ts';
import { configFlag } from './flag-options.ts';
import { runImport } from './import/run.ts';

const MAPPINGS = [...builtinMappings.keys()].join(', ');

/** Puts incidents of files into the store. */
export const importFiles: OneShot = {
  name: 'import',
  description: 'put incidents of files (exports as CSV or JSON) into the store',
  words: '<file...>',
  examples: [
    ['import --provider opsgenie --mapping opsgenie --dry-run alerts.json', 'what an import would do; writes nothing'],
    ['import --provider opsgenie --mapping opsgenie alerts.json', 'the same id twice is one incident, however often'],
    ['import --provider jira --mapping jira --timezone Europe/Berlin issues.csv', 'dates of Jira tables name no zone'],
    ['import --provider status --mapping mapping.yml --format ndjson - < outages.txt', 'a mapping of your own'],
  ],
  flags: () => [
    configFlag(),
    new Option('--provider <name>', 'whose incidents they are (default: the one that is configured)'),
    new Option(
      '--mapping <mapping>',
      `${MAPPINGS}, or a YAML file (default: the platform of the provider, where that is one, else mttr-exporter)`,
    ),
    new Option('--format <format>', 'what the files are written in (default: by their names)').choices(FORMATS),
    new Option('--timezone <name>', 'zone of dates that name none (default: timezone of the configuration)'),
    new Option('--from <time>', 'the files tell everything from here on (default: their first incident)'),
    new Option('--to <time>', 'the files tell everything until here (default: their last event)'),
    new Option('--dry-run', 'say what would happen, and write nothing'),
    new Option('--rejected-file <file>', 'where rows go that cannot be taken (default: FILE.rejected.ndjson)'),
    new Option('--max-rejected <n>', 'end with code 0 if no more rows than this cannot be taken (default: 0)'),
  ],
  run: runImport,
};
