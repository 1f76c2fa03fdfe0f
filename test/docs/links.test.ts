import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplePages, pages, pageText, proseOf, ROOT } from './blocks.ts';

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: string): ReadonlySet<string> {
  return new Set([...pageText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
}

function linksOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

describe.each([...pages(), ...examplePages()])('links of %s', (page) => {
  it('lead to files and headings that exist', () => {
    const broken = linksOf(page).filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const text = pageText('ARCHITECTURE.md');

  it('names files and folders that exist', () => {
    const sources = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
      globSync(`${folder}/**/*.ts`, { cwd: ROOT }).map((path) => `/${path}`),
    );
    const named = [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !sources.some((source) => source.endsWith(`/${path}`)))).toEqual([]);
    const folders = [...text.matchAll(/`(src\/[\w/-]+)`/g)].map(([, path = '']) => path);
    expect(folders.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has fewer than 300 lines', () => {
    expect(text.split('\n').length).toBeLessThan(300);
  });
});

describe('the README', () => {
  it('leads to every page', () => {
    const linked = new Set(linksOf('README.md').map((target) => target.split('#')[0]));
    const reached = new Set([...linked, ...pages().flatMap((page) => (linked.has(page) ? linksOf(page) : []))]);
    const missing = pages().filter((page) => {
      return page !== 'README.md' && !reached.has(page) && !reached.has(page.replace('docs/', ''));
    });
    expect(missing).toEqual([]);
  });
});
