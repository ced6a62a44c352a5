import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { Part } from './parts.ts';

const File = z.object({ file: z.string() });
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What the exporter's page is measured against: servers without any of our code. */
export function rivalPart(): Part {
  return {
    bare: async (input) => {
      const bytes = readFileSync(File.parse(input).file);
      const url = await listen((_request, response) => {
        response.writeHead(200, {
          'Content-Type': CONTENT_TYPE,
          'Content-Encoding': 'gzip',
          'Content-Length': bytes.length,
        });
        response.end(bytes);
      });
      return { url, series: 0 };
    },
    promClient: async (input) => {
      const { registry, series } = registryOf(readFileSync(File.parse(input).file, 'utf8'));
      const url = await listen((_request, response) => {
        void registry.metrics().then((text) => {
          const bytes = gzipSync(text);
          response.writeHead(200, {
            'Content-Type': registry.contentType,
            'Content-Encoding': 'gzip',
            'Content-Length': bytes.length,
          });
          response.end(bytes);
        });
      });
      return { url, series };
    },
  };
}

function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/metrics`);
    });
  });
}

interface Read {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** A registry with every series of a page: histograms as histograms, all else as gauges, which render alike. */
function registryOf(text: string): { registry: Registry; series: number } {
  const registry = new Registry();
  const lines = text.split('\n');
  let series = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const [, , name, type] = /^# (TYPE) (\S+) (\S+)$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined) continue;
    const samples: Read[] = [];
    while (at + 1 < lines.length && !(lines[at + 1] ?? '#').startsWith('#')) {
      at += 1;
      const sample = readSample(lines[at] ?? '');
      if (sample !== undefined) samples.push(sample);
    }
    if (samples.length === 0) continue;
    series += samples.length;
    if (type === 'histogram') addHistogram(registry, name, samples);
    else addGauge(registry, name, samples);
  }
  return { registry, series };
}

function readSample(line: string): Read | undefined {
  const [, name, pairs = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  const labels = [...pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, key = '', text = '']) => [key, text] as const,
  );
  return { name, labels: Object.fromEntries(labels), value: Number(value?.replace('Inf', 'Infinity')) };
}

function addGauge(registry: Registry, name: string, samples: readonly Read[]): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const gauge = new Gauge<string>({ name, help: 'A family of the page.', labelNames, registers: [registry] });
  for (const { labels, value } of samples) gauge.set(labels, value);
}

/** Observes each bucket's bound as often as the page counts it; a series without observations is born by `zero`. */
function addHistogram(registry: Registry, name: string, samples: readonly Read[]): void {
  const buckets = samples.filter(({ labels }) => labels['le'] !== undefined);
  const bounds = [...new Set(buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity'))))];
  const finite = bounds.filter(Number.isFinite).toSorted((a, b) => a - b);
  const labelNames = Object.keys(buckets[0]?.labels ?? {}).filter((label) => label !== 'le');
  const given = { name, help: 'A family of the page.', labelNames, buckets: finite, registers: [registry] };
  const histogram = new Histogram<string>(given);
  let before = 0;
  for (const { labels, value } of buckets) {
    const { le = '', ...own } = labels;
    if (Number(le) === finite[0]) {
      before = 0;
      histogram.zero(own);
    }
    const bound = le === '+Inf' ? (finite.at(-1) ?? 0) + 1 : Number(le);
    for (; before < value; before += 1) histogram.observe(own, bound);
  }
}
