import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every page that users read. */
export const pages: readonly Page[] = [
  'README.md',
  'CHANGELOG.md',
  ...globSync('{docs,deploy,grafana}/**/*.md', { cwd: root }),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** The text of a page; throws when there is none. */
export function readPage(path: string): string {
  const page = pages.find((one) => one.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page.text;
}

/** The fenced blocks of a language, without the white space of an indented fence. */
export function codeBlocks(text: string, language: string): string[] {
  const fences = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'));
  return [...fences].map(([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim());
}

/** A page without its fenced blocks. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^ *(```+)[^\n]*\n[\s\S]*?^ *\1/gm, '');
}

/** Where the links of a page lead: a path, an anchor, or both. Links to other sites are left out. */
export function linksIn(text: string): { readonly path: string; readonly anchor: string }[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^<?[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor = ''] = link.split('#');
      return { path, anchor };
    });
}

/** The anchors that GitHub and GitLab give to the headings of a page. */
export function anchorsIn(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** The sentences, rows and blocks of code of a page from so many characters on, in one form whatever their lines. */
export function statementsIn(text: string, charactersMin: number): string[] {
  const code = [...text.matchAll(/^ *```\w+\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block);
  const prose = withoutCode(text)
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\n(?=\s*(?:[-|#>]|\d+\.) ?)/g, '\n\n')
    .split(/\n\n+/)
    .flatMap((block) => block.replaceAll(/\s+/g, ' ').split(/(?<=[.:;]) /));
  return [...code, ...prose]
    .map((one) => one.replaceAll(/\s+/g, ' ').replaceAll(/[*`|]/g, '').trim())
    .filter((one) => one.length >= charactersMin);
}
