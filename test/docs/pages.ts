import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** Files under version control, and new ones that git does not ignore, whose paths match. */
export function repositoryFiles(pattern: RegExp): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return listed
    .toString()
    .split('\n')
    .filter((path) => pattern.test(path));
}

/** Every page that people read: the documentation, and the README of each folder. */
export const pages: readonly Page[] = repositoryFiles(/^(?!models|assets|test)[^.].*\.md$/).map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));

/** What a page sets in `code`: spans, and the lines of its fenced blocks. */
export function codeOf({ text }: Page): string[] {
  const blocks = [...text.matchAll(/^```.*\n([\s\S]*?)^```/gm)].flatMap(([, body]) => body.split('\n'));
  const spans = [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
  return [...blocks, ...spans];
}

/** A page without its fenced blocks. */
export const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');
