import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { root } from './dockerfile.ts';

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
});

/** One object for a cluster. */
export type Manifest = z.infer<typeof Manifest>;

/** Every object of a text of several documents; empty documents are nothing. */
export function readManifests(text: string): Manifest[] {
  const documents = loadAll(text).filter((document) => document !== null && document !== undefined);
  return documents.map((document) => Manifest.parse(document));
}

/**
 * What the published schemas of Kubernetes and of the Prometheus operator say against these objects, one line each. Their validators
 * know formats and ranges; their types, by way of the compiler, also know every key that there is.
 */
export async function complaintsAbout(manifests: readonly Manifest[]): Promise<string[]> {
  const invalid = await Promise.all(manifests.map(invalidity));
  return [...invalid.flat(), ...misfits(manifests)];
}

async function invalidity(manifest: Manifest): Promise<string[]> {
  const module: unknown = await import(moduleOf(manifest));
  const model = z.record(z.string(), z.unknown()).parse(module)[manifest.kind];
  if (typeof model !== 'function') return [`${manifest.kind}: no model`];
  try {
    Reflect.construct(model, [manifest]).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`];
  }
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const isOperators = apiVersion.startsWith('monitoring.coreos.com/');
  const library = isOperators ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${library}/${apiVersion}/${kind}`;
}

/** Each object as a literal of its type: keys that the type lacks are errors of the compiler. */
function misfits(manifests: readonly Manifest[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-manifests-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const files = manifests.map((manifest, index) => {
      const name = `${index}-${manifest.kind}-${manifest.metadata.name}.ts`;
      const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
      writeFileSync(join(folder, name), `export const it: ${type} = ${JSON.stringify(manifest, null, 1)};\n`);
      return name;
    });
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    return status === 0 ? [] : stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
