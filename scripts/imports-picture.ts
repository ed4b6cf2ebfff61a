/**
 * Draws the picture of imports in docs/architecture.md from what dependency-cruiser sees: `npm run boundaries:picture`.
 *
 * A node is a room of `.dependency-cruiser.js`, an arrow an import. An arrow is left out where a longer way through other
 * rooms leads to the same place, so that the picture shows the order and not all of its consequences.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import configuration, { floors } from '../.dependency-cruiser.js';

const page = resolve(import.meta.dirname, '../docs/architecture.md');
const begin = '<!-- drawn by npm run boundaries:picture -->\n';
const end = '<!-- end of the drawing -->';

/** The innermost room of a source file. */
function roomOf(source: string): string | undefined {
  return floors
    .flat()
    .filter((room) => source === `src/${room}` || source.startsWith(`src/${room}/`))
    .sort((a, b) => b.length - a.length)
    .at(0);
}

/** Which rooms each room imports from. */
async function imports(): Promise<Map<string, Set<string>>> {
  const { output } = await cruise(['src'], configuration.options);
  const arrows = new Map(floors.flat().map((room) => [room, new Set<string>()]));
  for (const { source, dependencies } of (output as ICruiseResult).modules)
    for (const { resolved } of dependencies) {
      const [from, to] = [roomOf(source), roomOf(resolved)];
      if (from && to && from !== to) arrows.get(from)!.add(to);
    }
  return arrows;
}

/** The arrows that no longer way replaces. */
function reduced(arrows: ReadonlyMap<string, ReadonlySet<string>>): [from: string, to: string][] {
  const below = (from: string, found = new Set<string>()): Set<string> => {
    for (const to of arrows.get(from)!) if (!found.has(to)) below(to, found.add(to));
    return found;
  };
  const reach = new Map([...arrows.keys()].map((room) => [room, below(room)]));
  return [...arrows].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && reach.get(other)!.has(to)))
      .map((to): [string, string] => [from, to]),
  );
}

/** The picture as a Mermaid diagram, as it stands in the page. */
export async function importsPicture(): Promise<string> {
  const name = (room: string) => room.replace(/\W/g, '_');
  const rooms = floors.flat().map((room) => `  ${name(room)}["${room}"]`);
  const arrows = reduced(await imports()).map(([from, to]) => `  ${name(from)} --> ${name(to)}`);
  return ['```mermaid', 'flowchart TD', ...rooms, ...arrows, '```', ''].join('\n');
}

/** The picture that the page holds now. */
export const drawnPicture = (): string => readFileSync(page, 'utf8').split(begin)[1].split(end)[0];

if (process.argv[1] === import.meta.filename) {
  const [before, rest] = readFileSync(page, 'utf8').split(begin);
  writeFileSync(page, `${before}${begin}${await importsPicture()}${end}${rest.split(end)[1]}`);
}
