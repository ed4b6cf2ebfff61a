/**
 * The rule of directions (docs/architecture.md): a room imports from the rooms below it, never from one above.
 * `npm run boundaries` checks it; `npm run boundaries:picture` draws what it sees.
 */

/** From the top down. `phantom` and `training-data` stand beside the node: nothing below the command line knows them. */
export const floors = [
  ['main.ts', 'phantom/demo'],
  ['cli'],
  ['phantom', 'training-data'],
  ['node/node.ts'],
  ['node/operations'],
  ['node/work'],
  ['node/ingest'],
  ['node/completeness'],
  ['node/mappings.ts'],
  ['node/delivery'],
  ['node/queue'],
  ['analysis/pipeline.ts'],
  ['analysis/case'],
  ['analysis/mappings.ts'],
  [
    'analysis/select',
    'analysis/match',
    'analysis/assemble',
    'analysis/prepare',
    'analysis/register',
    'analysis/infer',
    'analysis/measure',
    'analysis/locate',
    'analysis/track',
    'analysis/respond',
    'analysis/review',
  ],
  ['report'],
  ['store'],
  ['dimse', 'model'],
  ['dicom'],
  ['imaging/elastix'],
  ['imaging'],
  ['core'],
];

const at = (room) => `^src/${room.replace('.', '\\.')}${room.endsWith('.ts') ? '$' : '/'}`;
const anyOf = (rooms) => rooms.map(at).join('|');

/** A room may not import from a higher floor, nor from a neighbour on its own. */
const directions = floors.flatMap((rooms, floor) =>
  rooms.flatMap((room) => {
    const inside = floors.flat().filter((other) => other !== room && other.startsWith(`${room}/`));
    const outside = floors.flat().filter((other) => room !== other && room.startsWith(`${other}/`));
    const above = floors.slice(0, floor).flat();
    const neighbours = rooms.filter((other) => other !== room);
    const forbidden = [...above, ...neighbours].filter((other) => !outside.includes(other));
    if (forbidden.length === 0) return [];
    return {
      name: `${room} imports only from below`,
      severity: 'error',
      from: { path: at(room), ...(inside.length > 0 && { pathNot: anyOf(inside) }) },
      to: {
        path: anyOf(forbidden),
        pathNot: [
          at(room),
          ...floors
            .slice(floor + 1)
            .flat()
            .map(at),
        ].join('|'),
      },
    };
  }),
);

export default {
  forbidden: [
    { name: 'no loops', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' }, to: {} },
    ...directions,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
