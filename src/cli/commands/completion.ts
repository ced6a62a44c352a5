import type { Option } from 'commander';
import { type OneShot, WrongUse } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];
const PROGRAM = 'mttr-exporter';
/** What a shell is told to do with no suggestions: complete names of files. */
const COMPLETE_FILES = ':0';
const TAKES_FILE = /<(file|dir|directory|path)>$/;

/** A command as far as completion knows it. */
interface Completable extends Pick<OneShot, 'name' | 'description' | 'words'> {
  flags(): Option[];
}

/** Prints what a shell must load to complete command lines of this program. */
export const completion: OneShot = {
  name: 'completion',
  description: `print the completion script of a shell: ${SHELLS.join(', ')}`,
  words: '<shell>',
  examples: [
    ['completion bash > /etc/bash_completion.d/mttr-exporter', 'for every bash of this machine'],
    ['completion zsh > "${fpath[1]}/_mttr-exporter"', 'for zsh'],
    ['completion fish > ~/.config/fish/completions/mttr-exporter.fish', 'for fish'],
  ],
  flags: () => [],
  run: async ({ words: [shell = '', ...others] }) => {
    if (!SHELLS.includes(shell) || others.length > 0) {
      throw new WrongUse(`"${[shell, ...others].join(' ')}" is no shell that is known; expected ${SHELLS.join(', ')}`);
    }
    const { script } = await import('@bomb.sh/tab');
    script(shell, PROGRAM, PROGRAM);
    return 0;
  },
};

/** Answers the script of a shell: prints what may stand in place of the last word, one line each. */
export async function suggest(commands: readonly Completable[], words: readonly string[]): Promise<number> {
  if (isFileWanted(commands, words)) {
    process.stdout.write(`${COMPLETE_FILES}\n`);
    return 0;
  }
  const { RootCommand } = await import('@bomb.sh/tab');
  const root = new RootCommand();
  const [first] = commands;
  // The first command is the default one: its flags may stand alone.
  for (const flag of first?.flags() ?? []) addFlag(root, flag);
  for (const command of commands) {
    const known = root.command(command.name, command.description);
    for (const flag of command.flags()) addFlag(known, flag);
    if (command.name === completion.name) known.argument('shell', (tell) => SHELLS.forEach((one) => tell(one, '')));
  }
  root.parse([...words]);
  return 0;
}

type StoredState = Pick<InstanceType<typeof import('@bomb.sh/tab')['RootCommand']>, 'option'>;

function addFlag(command: StoredState, { long, short, description, argChoices, required, optional }: Option): void {
  for (const name of [long, short?.startsWith('--') ? short : undefined]) {
    if (name === undefined || name === null) continue;
    if (required || optional) {
      command.option(name.slice(2), description, (tell) => argChoices?.forEach((choice) => tell(choice, '')));
    } else {
      command.option(name.slice(2), description);
    }
  }
}

/** The last word belongs to a flag, or a command, that takes a file. */
function isFileWanted(commands: readonly Completable[], words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  const flag = last.startsWith('-') ? last.split('=')[0] : before;
  const option = commands.flatMap((one) => one.flags()).find(({ long, short }) => flag === long || flag === short);
  if (option !== undefined && (last.includes('=') || flag === before)) return TAKES_FILE.test(option.flags);
  const command = commands.find(({ name }) => name === words[0]);
  return words.length > 1 && !last.startsWith('-') && command?.words?.includes('file') === true;
}
