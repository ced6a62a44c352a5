/** A page of metrics as a test reads it. */
export interface Parsed {
  /** The value of the one sample with exactly these labels. */
  value(name: string, labels: Record<string, string>): number | undefined;
  /** The sum over all samples that have these labels among theirs. */
  sum(name: string, labels: Record<string, string>): number;
  readonly text: string;
}

/** Reads exposition text 0.0.4 as Prometheus does, label escapes included. */
export function parsePage(text: string): Parsed {
  const samples = new Map<string, { labels: Record<string, string>; value: number }[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', inner = '', value = ''] = /^([a-zA-Z0-9_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not a sample: ${line}`);
    const labels: Record<string, string> = {};
    for (const [, label = '', raw = ''] of inner.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[label] = raw.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    }
    const known = samples.get(name) ?? [];
    known.push({ labels, value: Number(value.replace('+Inf', 'Infinity')) });
    samples.set(name, known);
  }
  const matching = (name: string, labels: Record<string, string>) =>
    (samples.get(name) ?? []).filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  return {
    text,
    value: (name, labels) =>
      matching(name, labels).find((sample) => Object.keys(sample.labels).length === Object.keys(labels).length)?.value,
    sum: (name, labels) => matching(name, labels).reduce((sum, sample) => sum + sample.value, 0),
  };
}
