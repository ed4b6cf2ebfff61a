import codecs from 'dcmjs-codecs';
import { answerParent, type SingleCall } from '../core/child-process.js';
import type { DecodeRequest } from './pixel-decoder.js';
import { codecOf } from './codestream.js';

const { Context, NativeCodecs, log } = codecs;

/**
 * Child process that decodes the frames of one request with WebAssembly codecs, then ends and gives its memory back.
 */
const decoders = {
  rle: (context: codecs.Context) => NativeCodecs.decodeRle(context),
  jpeg: (context: codecs.Context) => NativeCodecs.decodeJpeg(context),
  jpegLS: (context: codecs.Context) => NativeCodecs.decodeJpegLs(context),
  jpeg2000: (context: codecs.Context) => NativeCodecs.decodeJpeg2000(context),
  htj2k: (context: codecs.Context) => NativeCodecs.decodeHtJpeg2000(context),
} as const;

async function decode({ TransferSyntaxUID, layout, frames }: DecodeRequest): Promise<Uint8Array[]> {
  log.setLevel('silent');
  const codec = codecOf(TransferSyntaxUID);
  if (codec === undefined) throw new Error(`transfer syntax ${TransferSyntaxUID} cannot be decoded`);
  await NativeCodecs.initializeAsync();
  const size = (layout.rows * layout.columns * layout.bitsAllocated) / 8;
  return frames.map((encodedBuffer) => {
    const context = decoders[codec](
      new Context({
        width: layout.columns,
        height: layout.rows,
        bitsAllocated: layout.bitsAllocated,
        bitsStored: layout.bitsStored,
        samplesPerPixel: 1,
        pixelRepresentation: layout.signed ? 1 : 0,
        planarConfiguration: 0,
        photometricInterpretation: layout.PhotometricInterpretation,
        encodedBuffer,
      }),
    );
    const decoded = context.getDecodedBuffer();
    if (context.getWidth() !== layout.columns || context.getHeight() !== layout.rows || decoded?.length !== size)
      throw new Error('the decoded image does not have the declared size');
    return new Uint8Array(decoded); // A copy: the codec reuses its memory for the next frame.
  });
}

answerParent<SingleCall<DecodeRequest, Uint8Array[]>>({ run: decode });
