import eslint from '@eslint/js';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

/** Each heavy library has one door. */
const doors = {
  dcmjs: ['src/dicom/**', 'src/report/**'],
  'dcmjs-codecs': ['src/dicom/**'],
  'better-sqlite3': ['src/store/**'],
  'onnxruntime-node': ['src/analysis/infer/network.ts'],
  '@itk-wasm/elastix': ['src/imaging/elastix/elastix-process.ts'],
  koffi: ['src/dimse/**'],
  pdfkit: ['src/report/**'],
  fontkit: ['src/report/**'],
  'chart.js': ['src/report/**'],
};

const bans = (names) =>
  names.map((name) => ({ group: [name], message: `${name} has one door: ${doors[name].join(', ')}` }));

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
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-console': 'error',
    },
  },
  // What a pattern is tried on may come from a peer: no pattern's work grows faster than its input.
  {
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-backtracking': 'error', 'regexp/no-super-linear-move': 'error' },
  },
  // Each door's own files are exempt from the ban of its library, and of no other.
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: bans(Object.keys(doors)) }] },
  },
  ...[...new Set(Object.values(doors).flat())].map((home) => ({
    files: [home],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: bans(Object.keys(doors).filter((name) => !doors[name].includes(home))) },
      ],
    },
  })),
  {
    files: ['src/main.ts', 'src/cli/**', 'scripts/**', 'bench/**', 'src/phantom/demo/**'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
