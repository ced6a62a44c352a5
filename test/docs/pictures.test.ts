import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, root } from './markdown.ts';

const IMAGE = /!\[(?<alt>[^\]]*)\]\((?<path>[^)\s]+)\)|(?:src|srcset)="(?<source>[^"\s]+)"/g;
const shown = pages.flatMap((page) =>
  [...page.text.matchAll(IMAGE)].map(({ groups = {} }) => ({
    page: page.path,
    alt: groups['alt'],
    path: join(dirname(page.path), groups['path'] ?? groups['source'] ?? ''),
  })),
);

describe('the pictures in the docs', () => {
  it.each(shown)('$page: $path exists and has a text alternative', ({ path, alt }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(alt).not.toBe('');
  });
});
