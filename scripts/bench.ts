// Measures speed and memory and prints a table: npm run bench [-- row…] [--quick]. Finishes without input.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { servePart, startPart } from './bench/parts.ts';
import { Line, type RowInput } from './bench/row.ts';
import { partOf, ROWS } from './bench/rows.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { part: { type: 'string' }, quick: { type: 'boolean', default: false } },
});

if (values.part !== undefined) servePart(partOf(values.part));
else await measureAll(positionals.length > 0 ? positionals : Object.keys(ROWS), values.quick);

async function measureAll(names: readonly string[], quick: boolean): Promise<void> {
  const unknown = names.find((name) => ROWS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`there is no row called "${unknown}", expected any of: ${Object.keys(ROWS).join(' ')}`);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'mttr-bench-'));
  const input = { folder, quick, nowMs: Date.now() };
  const lines: Line[] = [];
  try {
    for (const name of names) {
      console.error(`measuring ${name} …`);
      lines.push(...(await measure(name, input)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${machine()}\n\n${table(lines)}`);
}

/** A row that cannot be measured is told and does not stop the others. */
async function measure(name: string, input: RowInput): Promise<readonly Line[]> {
  const part = startPart(name);
  try {
    return await part.ask('measure', input, Line.array());
  } catch (error) {
    process.exitCode = 1;
    const raw = error instanceof Error ? error.message.split('\n').join(' ') : String(error);
    return [{ what: name, measured: 'failed', mustReach: '', isReached: false, raw }];
  } finally {
    await part.end();
  }
}

function machine(): string {
  const processors = cpus();
  const gigabytes = (totalmem() / 1e9).toFixed(0);
  const { node, sqlite, v8 } = process.versions;
  return `${processors.length} × ${processors[0]?.model.trim()}, ${gigabytes} GB, ${type()} ${release()} ${arch()}; Node ${node}, V8 ${v8}, SQLite ${sqlite}`;
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ what, measured, mustReach, isReached, raw }) => [
    what,
    measured,
    mustReach,
    verdict(isReached),
    raw,
  ]);
  const head = ['what', 'measured', 'must reach', '', 'raw numbers'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function verdict(isReached: boolean | undefined): string {
  if (isReached === undefined) return '';
  return isReached ? 'ok' : 'miss';
}
