import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...globSync('{docs,deploy,grafana}/**/*.md', { cwd: root })];
const IMAGE = /!\[(?<alt>[^\]]*)\]\((?<path>[^)\s]+)\)|(?:src|srcset)="(?<source>[^"\s]+)"/g;
const shown = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(IMAGE)].map(({ groups = {} }) => ({
    page,
    alt: groups['alt'],
    path: join(dirname(page), groups['path'] ?? groups['source'] ?? ''),
  })),
);

describe('the pictures in the docs', () => {
  it.each(shown)('$page: $path exists and has a text alternative', ({ path, alt }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(alt).not.toBe('');
  });
});
