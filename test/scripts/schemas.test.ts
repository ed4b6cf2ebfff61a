import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

it('the JSON Schemas in mappings/ are what `npm run schemas` writes', () => {
  const root = resolve(import.meta.dirname, '../..');
  const script = ['--import', 'tsx', 'scripts/schemas.ts', '--check'];
  expect(() => execFileSync(process.execPath, script, { cwd: root, stdio: 'pipe' })).not.toThrow();
});
