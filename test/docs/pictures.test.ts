import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...globSync('{docs,deploy,grafana}/**/*.md', { cwd: root })];
const IMAGE = /!\[(?<says>[^\]]*)\]\((?<path>[^)\s]+)\)|(?:src|srcset)="(?<source>[^"\s]+)"/g;
const shown = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(IMAGE)].map(({ groups = {} }) => ({
    page,
    says: groups['says'],
    path: join(dirname(page), groups['path'] ?? groups['source'] ?? ''),
  })),
);

describe('the pictures in the pages', () => {
  it.each(shown)('$page shows $path, which is there, and says in words what it shows', ({ path, says }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(says).not.toBe('');
  });
});
