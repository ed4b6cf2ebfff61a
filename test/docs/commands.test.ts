import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/core/config.js';
import { priora } from '../cli/priora.js';
import { codeOf, pages, root } from './pages.js';

/** A command line of ours in a page: the command and what follows it. */
interface Mention {
  readonly page: string;
  readonly command: string;
  readonly rest: string;
}

const mentions: readonly Mention[] = pages.flatMap((page) =>
  codeOf(page)
    .flatMap((code) => code.split(/&&|;|#/))
    .flatMap((code) => [...code.matchAll(/(?:^|\s)(?:priora|\S*dist\/main\.js) ([a-z][a-z-]*)(.*)/g)])
    .map(([, command, rest]) => ({ page: page.path, command, rest })),
);

describe('the command line in the documentation', () => {
  const help = new Map<string, string>();
  beforeAll(async () => {
    for (const command of new Set(mentions.map(({ command }) => command)))
      help.set(command, (await priora(command, '--help')).stdout);
  });

  test('is mentioned at all', () => expect(mentions.length).toBeGreaterThan(20));

  test('has the commands that pages name', () => {
    const unknown = mentions.filter(({ command }) => !help.get(command)?.startsWith(`Usage: priora ${command} `));
    expect(unknown).toEqual([]);
  });

  test('has the options that pages name', () => {
    const unknown = mentions.flatMap(({ page, command, rest }) =>
      [...rest.matchAll(/--[a-z-]+/g)]
        .filter(([option]) => !new RegExp(`${option}\\b(?!-)`).test(help.get(command)!))
        .map(([option]) => `${page}: ${command} ${option}`),
    );
    expect(unknown).toEqual([]);
  });

  test('is listed whole in the README', async () => {
    const { stdout } = await priora('--help');
    const commands = [...stdout.matchAll(/^ {2}([a-z-]+) .*(?:options|<|\[)/gm)].map(([, name]) => name);
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const missing = commands.filter((name) => name !== 'help' && !new RegExp(`^\\|.*\`${name}\\b`, 'm').test(readme));
    expect(missing).toEqual([]);
  });
});

describe('npm scripts in the documentation', () => {
  test('exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = pages.flatMap((page) =>
      codeOf(page).flatMap((code) => [...code.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name)),
    );
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('settings of priora.yaml', () => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>;
  }
  const { properties: top = {} } = z.toJSONSchema(configSchema, { io: 'input' }) as Node;
  /** `dataDir`, `dicom.port`, … */
  const settings = Object.entries(top).flatMap(([name, { properties }]) =>
    properties === undefined ? [name] : Object.keys(properties).map((inner) => `${name}.${inner}`),
  );

  test('are all in docs/configuration.md', () => {
    const { text } = pages.find(({ path }) => path === 'docs/configuration.md')!;
    const described = (name: string) => text.includes(`| \`${name}\` |`);
    expect(settings.filter((name) => !described(name) && !described(name.split('.').at(-1)!))).toEqual([]);
  });

  test('exist where a page names them', () => {
    const sections = Object.keys(top).filter((name) => top[name].properties !== undefined);
    const named = pages.flatMap((page) =>
      codeOf(page).filter((code) => new RegExp(`^(?:${sections.join('|')})\\.(?!py$)\\w+$`).test(code)),
    );
    expect(named.filter((name) => !settings.includes(name))).toEqual([]);
  });
});
