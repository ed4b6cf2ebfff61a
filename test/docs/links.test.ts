import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeOf, pages, repositoryFiles, root, withoutBlocks, type Page } from './pages.js';

/** As GitHub makes anchors of headings: lower case, no punctuation, a hyphen for each space. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading));

/** Links that do not lead anywhere, as `page: target`. */
function brokenLinks({ path, text }: Page): string[] {
  const targets = [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file, fragment] = target.split('#');
    const linked = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, linked))) return true;
    return fragment !== undefined && !anchorsOf(readFileSync(join(root, linked), 'utf8')).includes(fragment);
  });
}

/** Paths of this repository that a text names; patterns (`*`, `…`, `<name>`) are none. */
const pathsIn = (code: string): string[] =>
  [
    ...code.matchAll(
      /(?<![\w/.-])(?:src|test|docs|mappings|migrations|scripts|bench|training|assets|models|dist)\/[\w./-]*\w/g,
    ),
  ]
    .filter(({ 0: path, index }) => !/^[*…<]/.test(code.slice(index + path.length)))
    .map(([path]) => path);

/** Folders that a build, a training or an analysis makes. */
const made = /^(dist|training\/runs)\b/;
/** Logs say what was true on their day. */
const isLog = (path: string): boolean => path.startsWith('docs/lab/');

describe('documentation', () => {
  test.each(pages.map((page) => [page.path, page] as const))('%s links to pages and headings that exist', (_, page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test.each(pages.filter(({ path }) => !isLog(path)).map((page) => [page.path, page] as const))(
    '%s names files that exist',
    (_, page) => {
      const named = codeOf(page).flatMap(pathsIn);
      expect(named.filter((path) => !made.test(path) && !existsSync(join(root, path)))).toEqual([]);
    },
  );

  test('the index lists every page', () => {
    const listed = ['docs/README.md', 'docs/lab/README.md'].flatMap((path) => {
      const { text } = pages.find((page) => page.path === path)!;
      return [...text.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => join(dirname(path), target));
    });
    const written = pages.map(({ path }) => path).filter((path) => /^docs\/(?!README)/.test(path));
    expect(written.filter((path) => !listed.includes(path))).toEqual([]);
  });

  test('source files name pages that exist', () => {
    const sources = repositoryFiles(/^(src|test|training|scripts|bench|mappings|migrations)\/.*\.(ts|py|ya?ml|sql)$/);
    const missing = sources.flatMap((source) =>
      [...readFileSync(join(root, source), 'utf8').matchAll(/\bdocs\/[\w./-]+\.md\b/g)]
        .filter(([page]) => !existsSync(join(root, page)))
        .map(([page]) => `${source}: ${page}`),
    );
    expect(missing).toEqual([]);
  });

  test('prose stays within 120 columns', () => {
    const generated = ['docs/results.md'];
    const wide = pages
      .filter(({ path }) => /^(README|CHANGELOG|docs\/)/.test(path) && !generated.includes(path))
      .flatMap(({ path, text }) =>
        withoutBlocks(text)
          .split('\n')
          .filter((line) => [...line].length > 120 && !/^\s*(\||!\[)/.test(line))
          .map((line) => `${path}: ${line.slice(0, 60)}`),
      );
    expect(wide).toEqual([]);
  });
});
