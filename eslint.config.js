import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Stages never import each other; they exchange `dicom`/`volume` types and `store` rows (docs/architecture.md). */
const stages = [
  'receive',
  'index',
  'complete',
  'select',
  'assemble',
  'match',
  'prepare',
  'register',
  'infer',
  'measure',
  'track',
  'locate',
  'respond',
  'report',
  'deliver',
  'review',
];
const isolated = [...stages, 'phantom'];
/** Layers from the bottom up: a folder may import only itself and the folders of lower layers. */
const layers = [
  ['core'],
  ['dimse', 'dicom', 'volume', 'findings'],
  ['elastix', 'store', 'jobs'],
  isolated,
  ['case', 'training'],
  ['worker'],
  ['commands', 'demo'],
];
/** Each heavy library has one door. */
const doors = {
  dcmjs: ['src/dicom/**', 'src/report/**'],
  'dcmjs-codecs': ['src/dicom/**'],
  'better-sqlite3': ['src/store/**'],
  'onnxruntime-node': ['src/infer/network.ts'],
  '@itk-wasm/elastix': ['src/elastix/elastix-process.ts'],
  koffi: ['src/dimse/**'],
  pdfkit: ['src/report/**'],
  fontkit: ['src/report/**'],
  'chart.js': ['src/report/**'],
};

const folders = layers.flat();
const forbidden = (folder) => {
  const level = layers.findIndex((layer) => layer.includes(folder));
  const allowed = new Set([folder, ...layers.slice(0, level).flat()]);
  // Elsewhere neighbours may use each other (`dicom` reads into `volume`, `jobs` sits on `store`), but not the stages.
  if (layers[level] !== isolated) layers[level].forEach((neighbour) => allowed.add(neighbour));
  return folders.filter((other) => !allowed.has(other));
};

const doorPatterns = (file) =>
  Object.entries(doors)
    .filter(([, homes]) => !homes.includes(file))
    .map(([name]) => ({ group: [name], message: `${name} has one door: ${doors[name].join(', ')}` }));

export default tseslint.config(
  { ignores: ['dist', '**/node_modules', '.peers', '**/*.mjs', 'demo-out', 'coverage', 'training'] },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-console': 'error',
    },
  },
  ...folders.map((folder) => ({
    files: [`src/${folder}/**/*.ts`],
    ignores: Object.values(doors)
      .flat()
      .filter((home) => home.startsWith(`src/${folder}/`) && !home.endsWith('**')),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...doorPatterns(`src/${folder}/**`),
            ...forbidden(folder).map((other) => ({
              group: [`**/${other}/*`],
              message: `${folder} must not import ${other} (docs/architecture.md)`,
            })),
          ],
        },
      ],
    },
  })),
  {
    files: ['src/main.ts', 'src/commands/**', 'scripts/**', 'bench/**', 'src/demo/**'],
    rules: { 'no-console': 'off' },
  },
  {
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
