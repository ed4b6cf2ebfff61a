import { z } from 'zod';
import { aeTitlePattern, aeTitleRule } from '../../core/identifiers.js';
import { objectKinds, type ObjectKind } from '../../model/object-kind.js';

const aeTitle = z.string().regex(aeTitlePattern, aeTitleRule);

/** What a destination can ask for. Its report refers to the segmentation that it receives. */
export const deliverableKinds = ['SEG', 'LABELMAP', 'SR', 'RTSTRUCT', 'REG', 'KOS', 'PDF', 'RejectionNote'] as const;
export type DeliverableKind = (typeof deliverableKinds)[number];

/** One peer to which results are sent. */
const destinationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/)
    .describe('Names the destination in logs and `priora status`.'),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  calledAETitle: aeTitle.describe("The destination's AE title."),
  callingAETitle: aeTitle.optional().describe("Our AE title towards it. [the node's AE title]"),
  tls: z
    .strictObject({
      caFile: z.string().optional(),
      keyFile: z.string().optional(),
      certificateFile: z.string().optional(),
    })
    .optional()
    .describe('TLS; without caFile the certificate authorities of the system are trusted.'),
  objects: z
    .array(z.enum(deliverableKinds))
    .default(['SEG', 'SR'])
    .describe(
      'What it receives. SEG: lesions (BINARY). LABELMAP: the same as a label map (Supplement 243). SR: the report (TID 1500). ' +
        'RTSTRUCT: contours for planning systems. REG: the rigid registration prior → current. KOS: the slices to look at. ' +
        'PDF: the tumour board sheet. RejectionNote: retires results that newer ones supersede (IHE IOCM).',
    ),
  forwardOriginals: z.boolean().default(false).describe('Whether received series are forwarded, byte for byte.'),
  sendsStudies: z
    .boolean()
    .default(false)
    .describe(
      'Whether this AE title also sends new studies (a PACS that routes). Otherwise what it sends is not analysed.',
    ),
  allowDemonstrationModels: z
    .boolean()
    .default(false)
    .describe('Whether results of demonstration weights may be sent to it on another machine.'),
});

/** `mappings/destinations.yaml` */
export const destinationsSchema = z.strictObject({
  destinations: z
    .array(destinationSchema)
    .default([])
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'two destinations share a name'),
});

export type Destination = z.output<typeof destinationSchema>;

interface Objects {
  readonly objects: readonly DeliverableKind[];
}

/** Whether the destination's report must refer to the label map, because it gets no SEG. */
const readsLabelMap = ({ objects }: Objects): boolean => objects.includes('LABELMAP') && !objects.includes('SEG');

/** The kinds to write for a case: SEG and SR always, else what some destination gets. */
export function kindsToWrite(destinations: readonly Objects[]): ObjectKind[] {
  const wanted = destinations.flatMap((destination): ObjectKind[] => [
    ...destination.objects,
    ...(destination.objects.includes('SR') && readsLabelMap(destination) ? (['LABELMAP-SR'] as const) : []),
  ]);
  return objectKinds.filter((kind) => kind === 'SEG' || kind === 'SR' || wanted.includes(kind));
}

/** Those of a case's objects that a destination receives. */
export function objectsFor<Item extends { readonly kind: ObjectKind }>(
  destination: Objects,
  written: readonly Item[],
): Item[] {
  const { objects } = destination;
  // A case without findings has no segmentation, and then only one report.
  const ofLabelMap = readsLabelMap(destination) && written.some(({ kind }) => kind === 'LABELMAP-SR');
  const report = ofLabelMap ? 'LABELMAP-SR' : 'SR';
  return written.filter(({ kind }) =>
    kind === 'SR' || kind === 'LABELMAP-SR' ? kind === report && objects.includes('SR') : objects.includes(kind),
  );
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** Demonstration weights stay on this machine unless the destination allows them. */
export function mayDeliver(
  { host, allowDemonstrationModels }: Destination,
  { demonstration }: { demonstration: boolean },
): boolean {
  return !demonstration || allowDemonstrationModels || loopback.test(host);
}
