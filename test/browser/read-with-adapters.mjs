/**
 * Reads SEGs with @cornerstonejs/adapters, as viewers built on it do. Standard input: JSON with `images` (what the metadata provider
 * says of each source image, in order) and `segmentation` (a path). Standard output: JSON with, for each image, the segment
 * number of every voxel that has one, as [index, segment] pairs, and the segments' labels.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { adaptersSEG } from '@cornerstonejs/adapters';
import { metaData } from '@cornerstonejs/core';

async function read() {
  const { images, segmentation } = JSON.parse(await text(process.stdin));
  const modules = new Map(images.map(({ imageId, ...described }) => [imageId, described]));
  metaData.addProvider((type, imageId) => modules.get(imageId)?.[type], 1000);
  const imageIds = images.map(({ imageId }) => imageId);
  const { buffer, byteOffset, byteLength } = readFileSync(segmentation);
  const { labelMapImages, segMetadata, overlappingSegments } =
    await adaptersSEG.Cornerstone3D.Segmentation.createFromDICOMSegBuffer(
      imageIds,
      buffer.slice(byteOffset, byteOffset + byteLength),
      { metadataProvider: metaData },
    );
  const voxels = labelMapImages[0].map((image) =>
    Array.from(image.voxelManager.getScalarData()).flatMap((segment, index) => (segment ? [[index, segment]] : [])),
  );
  const labels = segMetadata.data.filter(Boolean).map(({ SegmentLabel }) => SegmentLabel);
  process.stdout.write(JSON.stringify({ voxels, labels, overlappingSegments }));
}

void read();
