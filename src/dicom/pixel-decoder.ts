import { callInChild } from '../core/child-process.js';
import { asPrioraError, PrioraError, type ErrorSubject } from '../core/errors.js';
import { codecOf, identifyCodestream, matchesSyntax } from './codestream.js';
import { frameBytes, type PixelLayout } from './pixel-data.js';

/** A request to the decoding child: frames of one layout and syntax. */
export interface DecodeRequest {
  readonly TransferSyntaxUID: string;
  readonly layout: PixelLayout;
  readonly frames: readonly Uint8Array[];
}

/**
 * The most decoded bytes that one child hands back; further frames go to a fresh child, so that memory stays bounded.
 */
const maxBatchBytes = 256 * 2 ** 20;

/**
 * Decodes compressed frames into native little-endian samples. Runs in child processes, whose WebAssembly heaps would
 * otherwise never shrink.
 *
 * @param request the codestreams of the frames, all under one transfer syntax.
 * @param subject names the series or instance in errors.
 * @throws PrioraError PIXELS_UNDECODABLE if a codestream is not what the syntax declares, or does not decode.
 */
export async function decodeFrames(
  { TransferSyntaxUID, layout, frames }: DecodeRequest,
  subject: ErrorSubject,
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  if (codecOf(TransferSyntaxUID) === undefined)
    throw new PrioraError('PIXELS_UNDECODABLE', `transfer syntax ${TransferSyntaxUID} is not supported`, { subject });
  for (const frame of frames)
    if (!matchesSyntax(frame, TransferSyntaxUID))
      throw new PrioraError(
        'PIXELS_UNDECODABLE',
        `the header declares transfer syntax ${TransferSyntaxUID}, but the pixel data is ${identifyCodestream(frame)}`,
        { subject },
      );
  const batch = Math.max(1, Math.floor(maxBatchBytes / frameBytes(layout)));
  const decoded: Uint8Array[] = [];
  for (let start = 0; start < frames.length; start += batch) {
    const part: DecodeRequest = { TransferSyntaxUID, layout, frames: frames.slice(start, start + batch) };
    try {
      decoded.push(
        ...(await callInChild<DecodeRequest, Uint8Array[]>(
          new URL('./pixel-decoder-process.js', import.meta.url),
          part,
          signal ? { signal } : {},
        )),
      );
    } catch (cause) {
      const error = asPrioraError(cause);
      if (error.code !== 'INTERNAL') throw error;
      throw new PrioraError('PIXELS_UNDECODABLE', `the pixel data does not decode: ${error.message}`, {
        subject,
        cause,
      });
    }
  }
  return decoded;
}
