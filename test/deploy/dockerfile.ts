import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One instruction with its flags (`--from=build`) apart. */
export interface Instruction {
  readonly stage: number;
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The Dockerfile's instructions in order; stages count from 0, what stands before the first FROM is stage -1. */
export function readDockerfile(): Instruction[] {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  let stage = -1;
  return text.split('\n').flatMap((line) => {
    const [, name, flagText = '', rest = ''] = /^([A-Z]+)((?:\s+--\S+)*)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    if (name === 'FROM') stage += 1;
    const flags = Object.fromEntries(
      flagText
        .trim()
        .split(/\s+/)
        .map((flag) => flag.replace('--', '').split('=')),
    );
    return [{ stage, name, flags, text: rest }];
  });
}

/** The words of an exec form; throws for a shell form. */
export function execForm(text: string): string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words)) throw new Error(`not an exec form: ${text}`);
  return words.map(String);
}

/** What an image amounts to: a root file system below `folder`, and how it is run. */
export interface Image {
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly volume: string;
}

/**
 * Follows the Dockerfile without an engine: each stage in a folder below `folder`, its COPYs and RUNs carried out there.
 * `npm ci` becomes a link to the packages of this checkout, and nothing is pruned of them.
 */
export function buildImage(folder: string): Image {
  const instructions = readDockerfile();
  const stageFolder = (stage: number) => join(folder, String(stage));
  const lastStage = Math.max(...instructions.map(({ stage }) => stage));
  let workdir = '/';
  for (const { stage, name, flags, text } of instructions) {
    const inStage = (path: string) => join(stageFolder(stage), path.startsWith('/') ? path : join(workdir, path));
    if (name === 'FROM') workdir = '/';
    if (name === 'WORKDIR') workdir = text;
    if (name === 'WORKDIR' || name === 'FROM') mkdirSync(inStage('.'), { recursive: true });
    if (name === 'COPY') copy(text.split(' '), { from: flags['from'] === undefined ? root : stageFolder(0), inStage });
    if (name === 'RUN') run(execForm(text), inStage('.'), stageFolder(stage));
  }
  const last = (name: string) =>
    instructions.findLast((one) => one.stage === lastStage && one.name === name)?.text ?? '';
  const path = (inImage: string) => join(stageFolder(lastStage), inImage);
  const words = (text: string) => execForm(text).map((word) => (word.startsWith('/opt') ? path(word) : word));
  return {
    workdir: path(workdir),
    entrypoint: words(last('ENTRYPOINT')),
    healthcheck: words(last('HEALTHCHECK').replace(/^CMD /, '')),
    env: Object.fromEntries([last('ENV').split('=')]),
    volume: path(execForm(last('VOLUME'))[0] ?? ''),
  };
}

interface Copying {
  readonly from: string;
  readonly inStage: (path: string) => string;
}

/** A folder is copied with what is in it; a target that ends in a slash takes files under their own names. */
function copy(words: readonly string[], { from, inStage }: Copying): void {
  const target = words.at(-1) ?? '';
  for (const source of words.slice(0, -1)) {
    const to = target.endsWith('/') ? join(inStage(target), basename(source)) : inStage(target);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(from, source), to, { recursive: true, verbatimSymlinks: true });
  }
}

function run([program = '', ...words]: readonly string[], cwd: string, stage: string): void {
  const line = [program, ...words].join(' ');
  if (line === 'npm ci') return symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'));
  if (line === 'npm prune --omit=dev') return undefined;
  const rooted = words.map((word) => (word.startsWith('/') ? join(stage, word) : word));
  execFileSync(program, rooted, { cwd, stdio: 'pipe' });
  return undefined;
}

/** Every path below `folder` but what links lead to. */
export function everythingBelow(folder: string): string[] {
  return globSync('**', { cwd: folder }).sort();
}
