import type { Config, Grouping } from '../../config/types.ts';
import { WrongUse } from '../command.ts';
import { backfillFamilies } from './table.ts';

const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/s;

/** Labels that the shipped scrape settings add to every series. */
const SCRAPED = [
  ['job', 'mttr-exporter'],
  ['instance', 'mttr-exporter'],
] as const;

/** What a scrape adds: the usual labels, replaced and joined by those of `--label NAME=VALUE`; an empty list leaves it at the usual ones. */
export function addedLabels(words: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const own = new Set(backfillFamilies.flatMap(({ labels }) => labels));
  const labels = new Map<string, string>(SCRAPED);
  for (const word of words) {
    const [, name = '', value = ''] = LABEL.exec(word) ?? [];
    if (name === '' || name.startsWith('__')) {
      throw new WrongUse(`--label: "${word}" is no label; expected NAME=VALUE, such as instance=mttr-exporter`);
    }
    if (own.has(name)) throw new WrongUse(`--label: ${name} is a label that the exporter sets itself`);
    labels.set(name, value);
  }
  return [...labels];
}

/** The configuration with only these groupings and windows of it; all without. Throws WrongUse for others. */
export function narrowed(
  config: Config,
  { by, windows }: { readonly by: readonly string[]; readonly windows: readonly string[] },
): Config {
  const groupings = chosen<Grouping>('by', by, new Map(config.groupings.map((one) => [one, one])));
  const spans = chosen('window', windows, new Map(config.windows.map((one) => [one.name, one])));
  return { ...config, groupings, windows: spans };
}

function chosen<Value>(flag: string, words: readonly string[], known: ReadonlyMap<string, Value>): readonly Value[] {
  for (const word of words) {
    if (known.has(word)) continue;
    const names = [...known.keys()].join(' ');
    throw new WrongUse(`--${flag}: "${word}" is not in the configuration; expected one of: ${names}`);
  }
  return [...known].filter(([word]) => words.length === 0 || words.includes(word)).map(([, value]) => value);
}
