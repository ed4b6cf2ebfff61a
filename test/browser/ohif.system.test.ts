import { existsSync, mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPeer, required } from '../peers.js';
import { serveOhif } from './ohif-server.js';
import { Orthanc } from './orthanc.js';
import { lesionIntensity, viewerCase } from './viewer-cases.js';

const dist = resolve(import.meta.dirname, '../../.peers/ohif/dist');
/** Screenshots stay here, to be looked at. */
const artefacts = resolve(import.meta.dirname, '../../test-artefacts');
const hasViewer =
  hasPeer('chromium') &&
  hasPeer('Orthanc') &&
  required(existsSync(dist), 'OHIF') &&
  required(existsSync(join(import.meta.dirname, 'node_modules/playwright-core')), 'playwright-core');
/** On a machine that others load a page may take minutes; Playwright says what it waited for. */
const timeout = 600_000;

/** What these tests use of playwright-core, which is installed for them alone. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<T>(expression: string): Promise<T>;
  waitForFunction(expression: string): Promise<unknown>;
  getByText(text: RegExp | string): { first(): { click(): Promise<void>; dblclick(): Promise<void> } };
  getByRole(role: string, options: { name: string }): { first(): { click(): Promise<void> } };
  locator(selector: string): { click(): Promise<void> };
  screenshot(options: { path: string }): Promise<unknown>;
  setDefaultTimeout(milliseconds: number): void;
  close(): Promise<void>;
}
interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}

/** In the page: every voxel of OHIF's label maps against the pixel of the image that it lies on. */
const compareLabelsWithPixels = `(() => {
  const [segmentation] = window.services.segmentationService.getSegmentations();
  const { imageIds, referencedImageIds } = segmentation.representationData.Labelmap;
  const pixelsOf = (imageId) => window.cornerstone.cache.getImage(imageId).getPixelData();
  const voxels = {};
  let misplaced = 0;
  imageIds.forEach((imageId, slice) => {
    const pixels = pixelsOf(referencedImageIds[slice]);
    pixelsOf(imageId).forEach((label, index) => {
      if (label) voxels[label] = (voxels[label] ?? 0) + 1;
      if (label > 0 !== (pixels[index] === ${lesionIntensity})) misplaced++;
    });
  });
  const segments = Object.values(segmentation.segments);
  return { slices: imageIds.length, misplaced, voxels: Object.values(voxels), labels: segments.map(({ label }) => label) };
})()`;
/** In the page: the instance that the active viewport shows. */
const instanceShown = `(() => {
  const { cornerstoneViewportService, viewportGridService } = window.services;
  const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportGridService.getActiveViewportId());
  return viewport?.getCurrentImageId?.()?.match(/instances\\/([0-9.]+)/)?.[1] ?? null;
})()`;
const reportOf = `window.services.displaySetService.getActiveDisplaySets().find(({ Modality }) => Modality === 'SR')`;

/** Lesions that OHIF finds an image for: axes of axial planes lie in axial slices, in others as their direction has it. */
const jumpsTo = { axial: [true, true, true], sagittal: [true, true, true], oblique: [false, true, true] };

describe.skipIf(!hasViewer)('OHIF, served from Orthanc, in Chromium', () => {
  let orthanc: Orthanc, server: Server, url: string, browser: Browser;
  beforeAll(async () => {
    mkdirSync(artefacts, { recursive: true });
    const require = createRequire(import.meta.url);
    const { chromium } = require('playwright-core') as { chromium: { launch(options: object): Promise<Browser> } };
    orthanc = await Orthanc.start();
    ({ server, url } = await serveOhif(dist, orthanc.url));
    const args = ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args, timeout });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await orthanc?.stop();
  });

  it.each(['axial', 'sagittal', 'oblique'] as const)(
    '%s: segments lie where the lesions are; the SR opens and leads to them',
    async (orientation) => {
      const { input, sourceFiles, segmentation, report } = viewerCase(orientation);
      await orthanc.store([...sourceFiles, segmentation.bytes, report.bytes]);
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      page.setDefaultTimeout(timeout);
      await page.goto(`${url}/viewer?StudyInstanceUIDs=${String(input.source.header['StudyInstanceUID'])}`);
      // A tour greets who comes for the first time.
      await page.getByText('Skip all').first().click();
      await page
        .getByText(/Priora SEG/)
        .first()
        .dblclick();
      await page.getByRole('button', { name: 'Yes' }).first().click();
      await page.waitForFunction('window.services.segmentationService.getSegmentations().length > 0');
      const seen = await page.evaluate<{ slices: number; misplaced: number; voxels: number[]; labels: string[] }>(
        compareLabelsWithPixels,
      );
      await page.screenshot({ path: join(artefacts, `ohif-seg-${orientation}.png`) });
      expect(seen.slices).toBe(24);
      expect(seen.misplaced).toBe(0);
      expect(seen.voxels).toEqual(input.lesions.map(({ voxelCount }) => voxelCount));
      expect(seen.labels).toHaveLength(3);

      await page
        .getByText(/Priora SR/)
        .first()
        .dblclick();
      await page.waitForFunction(`${reportOf}?.isLoaded`);
      const measurements = await page.evaluate<
        { TrackingIdentifier: string; TrackingUniqueIdentifier: string; labels: { label: string; value: string }[] }[]
      >(
        `${reportOf}.measurements.map(({ TrackingIdentifier, TrackingUniqueIdentifier, labels }) => ({ TrackingIdentifier, TrackingUniqueIdentifier, labels }))`,
      );
      await page.screenshot({ path: join(artefacts, `ohif-sr-${orientation}.png`) });
      expect(
        measurements.map(({ TrackingIdentifier, TrackingUniqueIdentifier }) => [
          TrackingIdentifier,
          TrackingUniqueIdentifier,
        ]),
      ).toEqual(input.lesions.map(({ trackingID, trackingUID }) => [trackingID, trackingUID]));
      measurements.forEach(({ labels }, index) =>
        expect(labels).toContainEqual({
          label: 'Long axis',
          value: `${input.lesions[index].longAxisMm.toFixed(2)} mm`,
        }),
      );
      // It shows the image of one lesion after the other, those whose axes lie in an image of the series.
      const hasImage = await page.evaluate<boolean[]>(
        `${reportOf}.measurements.map(({ imageId }) => Boolean(imageId))`,
      );
      expect(hasImage).toEqual(jumpsTo[orientation]);
      for (const [index, { sourceSlice }] of input.lesions.entries()) {
        if (index > 0) await page.locator('[data-cy=viewport-action-arrows-right]').click();
        if (!hasImage[index]) continue;
        const { SOPInstanceUID } = input.source.frames[sourceSlice];
        await page.waitForFunction(`${instanceShown} === '${SOPInstanceUID}'`);
        await page.screenshot({ path: join(artefacts, `ohif-sr-${orientation}-${index + 1}.png`) });
      }
      // Documented: OHIF hydrates only what its own tools have drawn.
      expect(await page.evaluate(`${reportOf}.isRehydratable`)).toBe(false);
      await page.close();
    },
  );
});
