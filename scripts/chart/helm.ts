import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A helm that was built from source believes in Kubernetes 1.20; this is what manifests are made for. */
export const KUBERNETES_VERSION = '1.34.0';

/** The helm to run: HELM in the environment, on the PATH, or where `go install` puts it; undefined where there is none. */
export function findHelm(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = [env['HELM'] ?? '', 'helm', goBinary(env)].filter((one) => one !== '');
  return candidates.find((one) => spawnSync(one, ['version', '--short'], { env }).status === 0);
}

function goBinary(env: NodeJS.ProcessEnv): string {
  const { status, stdout } = spawnSync('go', ['env', 'GOBIN', 'GOPATH'], { env, encoding: 'utf8' });
  if (status !== 0) return '';
  const [bin = '', path = ''] = stdout.split('\n');
  const file = join(bin === '' ? join(path, 'bin') : bin, 'helm');
  return existsSync(file) ? file : '';
}

export interface Rendering {
  readonly helm: string;
  /** Folder of the chart. */
  readonly chart: string;
  readonly release?: string;
  readonly namespace?: string;
  /** Further words, such as `--values=FILE` and `--set=key=value`. */
  readonly words: readonly string[];
}

/** What `helm template` prints; throws with helm's message where it refuses. */
export function render({ helm, chart, release = 'mttr-exporter', namespace = 'monitoring', words }: Rendering): string {
  const flags = ['--namespace', namespace, '--kube-version', KUBERNETES_VERSION];
  return execFileSync(helm, ['template', release, chart, ...flags, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}
