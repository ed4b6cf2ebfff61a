import { expect, it } from 'vitest';
import { drawnPicture, importsPicture } from '../../scripts/imports-picture.js';

it('docs/architecture.md shows the imports as they are (npm run boundaries:picture)', async () => {
  expect(drawnPicture()).toBe(await importsPicture());
});
