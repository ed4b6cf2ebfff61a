import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codecs from 'dcmjs-codecs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/dicom/dataset.js';
import { parseFile, writeFile } from '../../src/dicom/dicom-file.js';
import { frameData, isNative, pixelLayout } from '../../src/dicom/pixel-data.js';
import { decodeFrames } from '../../src/dicom/pixel-decoder.js';
import { writeValues } from '../../src/dicom/stored-values.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { hasPeer, peerEnvironment } from '../peers.js';
import { descendant, until } from '../processes.js';

const folder = mkdtempSync(join(tmpdir(), 'pixels-'));
const size = 64;
const identity = { RescaleSlope: 1, RescaleIntercept: 0 };

/** A smooth field with noise: compresses, and shows any shift, sign or byte error. */
function field(lowest: number, highest: number): number[] {
  let state = 1;
  return Array.from({ length: size * size }, (_, index) => {
    state = (state * 48271) % 2147483647;
    const wave = Math.sin((index % size) / 9) * Math.cos(Math.floor(index / size) / 13);
    const value = (highest + lowest) / 2 + (highest - lowest) * (0.4 * wave + 0.1 * (state / 2147483647 - 0.5));
    return Math.round(value) + 0; // no negative zero
  });
}

/** Stored values by pixel layout: a 12-bit scanner, a signed 16-bit one, 8 bits. */
const images = {
  unsigned12: { bits: 16, stored: 12, signed: 0, values: field(0, 4095) },
  signed16: { bits: 16, stored: 16, signed: 1, values: field(-3000, 9000) },
  unsigned8: { bits: 8, stored: 8, signed: 0, values: field(0, 255) },
} as const;
type ImageName = keyof typeof images;

function dataset({ bits, stored, signed, values }: (typeof images)[ImageName]): Dataset {
  const samples = bits === 8 ? Uint8Array.from(values) : Int16Array.from(values);
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['ORIGINAL', 'PRIMARY', 'M'],
    SOPClassUID: SOPClass.MRImageStorage,
    SOPInstanceUID: '2.25.1',
    Modality: 'MR',
    PatientName: 'Test',
    PatientID: '1',
    StudyInstanceUID: '2.25.2',
    SeriesInstanceUID: '2.25.3',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    BitsAllocated: bits,
    BitsStored: stored,
    HighBit: stored - 1,
    PixelRepresentation: signed,
    PixelData: samples.buffer,
    _vrMap: { PixelData: bits === 8 ? 'OB' : 'OW' },
  };
}

/** The values of a file's first frame. */
async function valuesOf(bytes: Uint8Array): Promise<number[]> {
  const file = parseFile(bytes, { stopAtPixelData: true });
  const layout = pixelLayout(file.dataset);
  const frames = frameData(file, layout);
  const { TransferSyntaxUID } = file.meta;
  const [frame] = isNative(TransferSyntaxUID)
    ? frames
    : await decodeFrames({ TransferSyntaxUID, layout, frames }, { SOPInstanceUID: '2.25.1' });
  const target = new Float32Array(size * size);
  writeValues(target, 0, frame, layout, identity);
  return [...target];
}

beforeAll(() => {
  for (const [name, image] of Object.entries(images))
    writeFileSync(join(folder, `${name}.dcm`), writeFile(dataset(image)));
});

describe.each([
  ['dcmconv', ['+ti'], 'Implicit VR Little Endian', ['unsigned12', 'signed16', 'unsigned8']],
  ['dcmconv', ['+tb'], 'Explicit VR Big Endian', ['unsigned12', 'signed16', 'unsigned8']],
  ['dcmconv', ['+td'], 'Deflated Explicit VR Little Endian', ['unsigned12', 'signed16', 'unsigned8']],
  ['dcmcrle', [], 'RLE Lossless', ['unsigned12', 'signed16', 'unsigned8']],
  ['dcmcjpeg', ['+e1'], 'JPEG Lossless SV1', ['unsigned12', 'signed16', 'unsigned8']],
  ['dcmcjpeg', ['+el', '+sv', '6'], 'JPEG Lossless, predictor 6', ['unsigned12', 'unsigned8']],
  ['dcmcjpls', [], 'JPEG-LS Lossless', ['unsigned12', 'signed16', 'unsigned8']],
  ['gdcmconv', ['--j2k'], 'JPEG 2000 Lossless', ['unsigned12', 'signed16', 'unsigned8']],
] as const)('%s %j', (command, options, syntax, names) => {
  it.skipIf(!hasPeer(command)).each(names)(`${syntax}, %s: decoded equals original`, async (name) => {
    const target = join(folder, `${name}${options.join('')}${command}.dcm`);
    execFileSync(command, [...options, join(folder, `${name}.dcm`), target], { env: peerEnvironment, stdio: 'pipe' });
    expect(await valuesOf(readFileSync(target))).toEqual(images[name].values);
  });
});

describe.each([
  ['dcmcjpeg', ['+eb', '+q', '95'], ['dcmdjpeg'], 'JPEG Baseline', 'unsigned8'],
  ['dcmcjpeg', ['+ee', '+q', '95'], ['dcmdjpeg'], 'JPEG Extended', 'unsigned12'],
  ['dcmcjpls', ['+en', '+md', '3'], ['dcmdjpls'], 'JPEG-LS Near-Lossless', 'unsigned12'],
] as const)('%s %j', (command, options, [decoder], syntax, name) => {
  it.skipIf(!hasPeer(command) || !hasPeer(decoder))(`${syntax}: decoded as DCMTK decodes it`, async () => {
    const compressed = join(folder, `${command}${options.join('')}.dcm`);
    const expected = join(folder, 'expected.dcm');
    execFileSync(command, [...options, join(folder, `${name}.dcm`), compressed], { env: peerEnvironment });
    execFileSync(decoder, [compressed, expected], { env: peerEnvironment });
    const theirs = await valuesOf(readFileSync(expected));
    const ours = await valuesOf(readFileSync(compressed));
    // The inverse DCT may round differently by one.
    expect(Math.max(...ours.map((value, index) => Math.abs(value - theirs[index])))).toBeLessThanOrEqual(1);
    expect(ours).not.toEqual(images[name].values);
  });
});

describe('High-Throughput JPEG 2000', () => {
  it.each(['unsigned12', 'signed16', 'unsigned8'] as const)('%s: decoded equals original', async (name) => {
    const { bits, stored, signed, values } = images[name];
    const samples = bits === 8 ? Uint8Array.from(values) : new Uint8Array(Int16Array.from(values).buffer);
    await codecs.NativeCodecs.initializeAsync();
    const context = codecs.NativeCodecs.encodeHtJpeg2000(
      new codecs.Context({
        width: size,
        height: size,
        bitsAllocated: bits,
        bitsStored: stored,
        samplesPerPixel: 1,
        pixelRepresentation: signed,
        planarConfiguration: 0,
        photometricInterpretation: 'MONOCHROME2',
        decodedBuffer: samples,
      }),
      { lossy: false },
    );
    const layout = pixelLayout(dataset(images[name]));
    const frames = [new Uint8Array(context.getEncodedBuffer()!)];
    const [frame] = await decodeFrames({ TransferSyntaxUID: TransferSyntax.HTJ2KLossless, layout, frames }, {});
    const target = new Float32Array(size * size);
    writeValues(target, 0, frame, layout, identity);
    expect([...target]).toEqual(values);
  });
});

describe('a declared encoding that is not the real one is refused', () => {
  const layout = pixelLayout(dataset(images.unsigned12));
  const plain = writeFile(dataset(images.unsigned12));
  const undecodable = expect.objectContaining({
    code: 'PIXELS_UNDECODABLE',
    subject: { SOPInstanceUID: '2.25.1' },
  }) as Error;

  /** The same file under another transfer syntax UID of the same length, padded. */
  const relabelled = (bytes: Buffer, from: string, to: string) => {
    const padded = (uid: string) => Buffer.from(uid.padEnd(Math.max(from.length, to.length), '\0'), 'latin1');
    const at = bytes.indexOf(padded(from));
    const copy = Buffer.from(bytes);
    padded(to).copy(copy, at);
    return copy;
  };

  it('with compression declared and samples found', () => {
    const bytes = relabelled(plain, '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.5');
    const file = parseFile(bytes, { stopAtPixelData: true });
    expect(() => frameData(file, layout)).toThrow(undecodable);
  });

  it.skipIf(!hasPeer('dcmcrle'))('with no compression declared and RLE found', () => {
    const target = join(folder, 'rle.dcm');
    execFileSync('dcmcrle', [join(folder, 'unsigned12.dcm'), target], { env: peerEnvironment });
    const bytes = relabelled(readFileSync(target), '1.2.840.10008.1.2.5', '1.2.840.10008.1.2.1');
    const file = parseFile(bytes, { stopAtPixelData: true });
    expect(() => frameData(file, layout)).toThrow(undecodable);
  });

  it.skipIf(!hasPeer('dcmcjpls'))('with JPEG declared and JPEG-LS found', async () => {
    const target = join(folder, 'jls.dcm');
    execFileSync('dcmcjpls', [join(folder, 'unsigned12.dcm'), target], { env: peerEnvironment });
    const bytes = relabelled(readFileSync(target), TransferSyntax.JPEGLSLossless, TransferSyntax.JPEGLosslessSV1);
    await expect(valuesOf(bytes)).rejects.toThrow(undecodable);
    await expect(valuesOf(bytes)).rejects.toThrow(/jpegLS/);
  });

  it.skipIf(!hasPeer('dcmcjpls'))('with a truncated codestream', async () => {
    const target = join(folder, 'jls.dcm');
    execFileSync('dcmcjpls', [join(folder, 'unsigned12.dcm'), target], { env: peerEnvironment });
    const file = parseFile(readFileSync(target), { stopAtPixelData: true });
    const [frame] = frameData(file, layout);
    const request = { TransferSyntaxUID: TransferSyntax.JPEGLSLossless, layout, frames: [frame.subarray(0, 200)] };
    await expect(decodeFrames(request, { SOPInstanceUID: '2.25.1' })).rejects.toThrow(undecodable);
  });

  it('with a file that ends inside its pixels', () => {
    const file = parseFile(plain.subarray(0, plain.length - 100), { stopAtPixelData: true });
    expect(() => frameData(file, layout)).toThrow(/ends inside the pixel data/);
  });

  it('with fewer pixels than rows and columns require', () => {
    const image = { ...dataset(images.unsigned12), Rows: size + 1 };
    const file = parseFile(writeFile(image), { stopAtPixelData: true });
    expect(() => frameData(file, pixelLayout(file.dataset))).toThrow(undecodable);
  });

  it('with an unknown transfer syntax', async () => {
    const request = { TransferSyntaxUID: '1.2.840.10008.1.2.4.102', layout, frames: [new Uint8Array(100)] };
    await expect(decodeFrames(request, { SOPInstanceUID: '2.25.1' })).rejects.toThrow(undecodable);
  });
});

it('a killed decoder is not the fault of the pixels: the case can be retried', async () => {
  const frame = new Uint8Array(100);
  frame.set([1, 0, 0, 0, 64]);
  const layout = pixelLayout(dataset(images.unsigned12));
  const decoder = () => descendant(process.pid, 'pixel-decoder-process');
  // The one of the test before may still be ending.
  await until(() => !decoder());
  const decoding = decodeFrames({ TransferSyntaxUID: TransferSyntax.RLELossless, layout, frames: [frame] }, {});
  process.kill(decoder()!, 'SIGKILL');
  await expect(decoding).rejects.toThrow(expect.objectContaining({ code: 'CHILD_KILLED' }));
});

describe('pixelLayout', () => {
  const image = dataset(images.unsigned12);
  it.each([
    ['colour', { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }, 'PIXELS_UNDECODABLE'],
    ['BitsAllocated 12', { BitsAllocated: 12 }, 'PIXELS_UNDECODABLE'],
    ['more bits stored than allocated', { BitsStored: 20, HighBit: 19 }, 'PIXELS_UNDECODABLE'],
    ['no Rows', { Rows: undefined }, 'DICOM_MISSING_ATTRIBUTE'],
    ['no columns at all', { Columns: 0 }, 'DICOM_VALUE_UNUSABLE'],
  ])('refuses %s', (_, change, code) => {
    expect(() => pixelLayout({ ...image, ...change })).toThrow(expect.objectContaining({ code }));
  });
});

describe('writeValues', () => {
  const layout = { rows: 1, columns: 4, bitsAllocated: 16, bitsStored: 12, highBit: 11, PhotometricInterpretation: 'MONOCHROME2' } as const; // prettier-ignore
  const read = (samples: number[], signed: boolean, transform = {}, bits = {}) => {
    const target = new Float32Array(4);
    const bytes = new Uint8Array(Uint16Array.from(samples).buffer);
    writeValues(target, 0, bytes, { ...layout, signed, ...bits }, { ...identity, ...transform });
    return [...target];
  };

  it('masks overlay bits above HighBit', () => {
    expect(read([0xf001, 0x8fff, 0x1000, 0x0800], false)).toEqual([1, 4095, 0, 2048]);
  });

  it('extends the sign from the highest stored bit, whatever lies above', () => {
    expect(read([0x0fff, 0x1800, 0x07ff, 0xf000], true)).toEqual([-1, -2048, 2047, 0]);
  });

  it('drops bits below the stored ones', () => {
    expect(read([0x0011, 0x002f, 0xfff0, 0x000f], false, {}, { highBit: 15 })).toEqual([1, 2, 4095, 0]);
  });

  it('applies slope and intercept', () => {
    expect(read([0, 1, 2, 3], false, { RescaleSlope: 2.5, RescaleIntercept: -10 })).toEqual([-10, -7.5, -5, -2.5]);
  });

  it('marks padding, in stored values and in either order of its range', () => {
    expect(read([0, 5, 6, 7], false, { RescaleSlope: 2, padding: [6, 5] })).toEqual([0, NaN, NaN, 14]);
  });
});
