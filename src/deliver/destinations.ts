import { z } from 'zod';

const aeTitle = z
  .string()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'must be 1 to 16 printable characters without backslash');

/** One peer that results go to. */
const destinationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/)
    .describe('Names the destination in logs and `priora status`.'),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  calledAETitle: aeTitle.describe("The destination's AE title."),
  callingAETitle: aeTitle.optional().describe("What we call ourselves towards it. [the node's AE title]"),
  tls: z
    .strictObject({
      caFile: z.string().optional(),
      keyFile: z.string().optional(),
      certificateFile: z.string().optional(),
    })
    .optional()
    .describe('TLS; without caFile the system’s authorities are trusted.'),
  objects: z
    .array(z.enum(['SEG', 'SR', 'KOS']))
    .default(['SEG', 'SR'])
    .describe('What it gets. KOS: notes that reject results which newer ones replace (IHE IOCM).'),
  forwardOriginals: z.boolean().default(false).describe('Whether received series are passed on, byte for byte.'),
  sendsStudies: z
    .boolean()
    .default(false)
    .describe(
      'Whether new studies also come from this AE title (a PACS that routes). Otherwise what it sends is not analysed.',
    ),
  allowDemonstrationModels: z
    .boolean()
    .default(false)
    .describe('Results of demonstration weights leave this machine only where this is true.'),
});

/** `mappings/destinations.yaml` */
export const destinationsSchema = z.strictObject({
  destinations: z
    .array(destinationSchema)
    .default([])
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'two destinations share a name'),
});

export type Destination = z.output<typeof destinationSchema>;

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** Demonstration weights stay on this machine unless the destination allows them. */
export function mayDeliver(
  { host, allowDemonstrationModels }: Destination,
  { demonstration }: { demonstration: boolean },
): boolean {
  return !demonstration || allowDemonstrationModels || loopback.test(host);
}
