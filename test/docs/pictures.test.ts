import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../grafana/src/dashboards.ts';

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
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

describe('the pictures in the pages', () => {
  it.each(shown)('$page shows $path, which is there, and says in words what it shows', ({ path, says }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(says).not.toBe('');
  });

  it.each(Object.keys(DASHBOARDS))(
    'show the dashboard %s in the README, wide enough to read and no heavier than a page bears',
    (name) => {
      const path = `docs/pictures/${name}.png`;
      const picture = readFileSync(join(root, path));

      expect(shown.filter(({ page }) => page === 'README.md').map((one) => one.path)).toContain(path);
      expect(picture.subarray(0, PNG.length)).toEqual(PNG);
      expect(picture.readUInt32BE(16)).toBe(1600);
      expect(picture.length).toBeLessThan(400_000);
    },
  );
});
