import type { Option } from 'commander';
import { type Command, defineCommand } from '../command.ts';
import { toOptions, UsageError } from '../flags.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];
const PROGRAM = 'mttr-exporter';
/** Tells the completion script to complete file names. */
const COMPLETE_FILES = ':0';
const TAKES_FILE = /<(file|dir|directory|path)>$/;

/** Prints the script that completes command lines of this program in a shell. */
export const completion = defineCommand({
  name: 'completion',
  description: `print the completion script of a shell: ${SHELLS.join(', ')}`,
  operands: '<shell>',
  examples: [
    ['completion bash > /etc/bash_completion.d/mttr-exporter', 'for every bash of this machine'],
    ['completion zsh > "${fpath[1]}/_mttr-exporter"', 'for zsh'],
    ['completion fish > ~/.config/fish/completions/mttr-exporter.fish', 'for fish'],
  ],
  flags: {},
  run: async ({ operands }) => {
    const [shell = '', ...others] = operands;
    if (!SHELLS.includes(shell) || others.length > 0) {
      throw new UsageError(undefined, `unknown shell "${operands.join(' ')}"; expected one of ${SHELLS.join(', ')}`);
    }
    const { script } = await import('@bomb.sh/tab');
    script(shell, PROGRAM, PROGRAM);
    return 0;
  },
});

/** Called by the completion script: prints what may stand in place of the last argument, one suggestion per line. */
export async function suggest(commands: readonly Command[], args: readonly string[]): Promise<number> {
  if (isFileExpected(commands, args)) {
    process.stdout.write(`${COMPLETE_FILES}\n`);
    return 0;
  }
  const { RootCommand } = await import('@bomb.sh/tab');
  const root = new RootCommand();
  // The first command is the default: its flags may stand alone.
  for (const option of toOptions(commands[0]?.flags ?? {})) addOption(root, option);
  for (const { name, description, flags } of commands) {
    const command = root.command(name, description);
    for (const option of toOptions(flags)) addOption(command, option);
    if (name === completion.name)
      command.argument('shell', (suggestOne) => SHELLS.forEach((one) => suggestOne(one, '')));
  }
  root.parse([...args]);
  return 0;
}

type CompletedCommand = Pick<InstanceType<typeof import('@bomb.sh/tab')['RootCommand']>, 'option'>;

function addOption(command: CompletedCommand, option: Option): void {
  const { long, short, description, argChoices, required } = option;
  for (const name of [long, short?.startsWith('--') ? short : undefined]) {
    if (name === undefined || name === null) continue;
    if (required) {
      command.option(name.slice(2), description, (suggestOne) => argChoices?.forEach((one) => suggestOne(one, '')));
    } else {
      command.option(name.slice(2), description);
    }
  }
}

/** The last argument is the value of a flag, or the argument of a command, that takes a file. */
function isFileExpected(commands: readonly Command[], args: readonly string[]): boolean {
  const last = args.at(-1) ?? '';
  const previous = args.at(-2) ?? '';
  const flag = last.startsWith('-') ? last.split('=')[0] : previous;
  const options = commands.flatMap(({ flags }) => toOptions(flags));
  const option = options.find(({ long, short }) => flag === long || flag === short);
  if (option !== undefined && (last.includes('=') || flag === previous)) return TAKES_FILE.test(option.flags);
  const command = commands.find(({ name }) => name === args[0]);
  return args.length > 1 && !last.startsWith('-') && command?.operands?.includes('file') === true;
}
