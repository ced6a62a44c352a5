import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { configText, type Setting } from './setting.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BYTES_PER_KIB = 1024;

/** The compiled program as a package or an image carries it; built once per folder. */
export function buildProgram(folder: string): string {
  const place = join(folder, 'program');
  const entry = join(place, 'dist/cli/main.js');
  if (existsSync(entry)) return entry;
  mkdirSync(place);
  cpSync(join(ROOT, 'package.json'), join(place, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  const compile = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(place, 'dist')];
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), compile, { stdio: 'inherit' });
  return entry;
}

export interface RunningProgram {
  readonly metricsUrl: string;
  residentBytes(): number;
  end(): Promise<void>;
}

/** `serve` with a configuration file, nothing else in its process; resolves when it listens. */
export async function startProgram(entry: string, setting: Setting): Promise<RunningProgram> {
  const file = `${setting.path}.yml`;
  writeFileSync(file, configText(setting));
  const flags = ['serve', `--config.file=${file}`, '--web.listen-address=127.0.0.1:0', '--log.format=json'];
  const child = spawn(process.execPath, [entry, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await listeningUrl(createInterface({ input: child.stderr }), ended);
  return {
    metricsUrl: `${url}metrics`,
    residentBytes: () => {
      const kib = execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' });
      return Number(kib) * BYTES_PER_KIB;
    },
    end: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The program tells its address in its log. */
function listeningUrl(lines: NodeJS.EventEmitter, ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.on('line', (line: string) => {
      const url = /"url":"([^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      else if (!line.includes('"level":"info"')) process.stderr.write(`${line}\n`);
    });
    void ended.then(() => reject(new Error('the program ended before it listened')));
  });
}
