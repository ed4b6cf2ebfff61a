import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import {
  destinationsSchema,
  kindsToWrite,
  mayDeliver,
  objectsFor,
  type DeliverableKind,
} from '../../../src/node/delivery/destinations.js';
import { objectKinds, type ObjectKind } from '../../../src/model/object-kind.js';

const pacs = { name: 'pacs', host: 'pacs.example.org', port: 104, calledAETitle: 'PACS' };
const parse = (destinations: readonly object[]) => destinationsSchema.parse({ destinations }).destinations;

function load(text: string) {
  const path = join(mkdtempSync(join(tmpdir(), 'priora-destinations-')), 'destinations.yaml');
  writeFileSync(path, text);
  return loadMapping(path, destinationsSchema);
}

describe('mappings/destinations.yaml', () => {
  it('is valid as shipped, and sends nothing anywhere', () => {
    const shipped = resolve(import.meta.dirname, '../../../mappings/destinations.yaml');
    expect(loadMapping(shipped, destinationsSchema)).toEqual({ destinations: [] });
  });

  it('fills in safe defaults: results only, no originals, no demonstration weights, nothing routed back', () => {
    expect(parse([pacs])).toEqual([
      {
        ...pacs,
        objects: ['SEG', 'SR'],
        forwardOriginals: false,
        sendsStudies: false,
        allowDemonstrationModels: false,
      },
    ]);
  });

  it.each([
    [
      'a misspelt key',
      'destinations: [{ name: a, host: h, port: 104, calledAETitel: P, calledAETitle: P }]',
      '"destinations.0.calledAETitel"',
    ],
    [
      'a misspelt TLS key',
      'destinations: [{ name: a, host: h, port: 104, calledAETitle: P, tls: { ca: x } }]',
      '"destinations.0.tls.ca"',
    ],
    ['a missing port', 'destinations: [{ name: a, host: h, calledAETitle: P }]', 'destinations.0.port'],
    [
      'a title that is too long',
      'destinations: [{ name: a, host: h, port: 104, calledAETitle: ABCDEFGHIJKLMNOPQ }]',
      'destinations.0.calledAETitle: must be an AE title: 1 to 16',
    ],
    [
      'an object it does not know',
      'destinations: [{ name: a, host: h, port: 104, calledAETitle: P, objects: [KO] }]',
      'destinations.0.objects.0',
    ],
    [
      'a name given twice',
      'destinations: [{ name: a, host: h, port: 104, calledAETitle: P }, { name: a, host: i, port: 104, calledAETitle: Q }]',
      'two destinations share a name',
    ],
    ['no YAML', 'destinations: [', 'destinations.yaml'],
  ])('is refused by name with %s', (_, text, named) => {
    expect(() => load(text)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(named) as string }),
    );
  });
});

describe('results of demonstration weights', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.12.0.9', true],
    ['localhost', true],
    ['::1', true],
    ['10.0.0.1', false],
    ['127.0.0.1.example.org', false],
    ['localhost.example.org', false],
    ['pacs.example.org', false],
  ])('to %s: %s', (host, allowed) => {
    const [destination] = parse([{ ...pacs, host }]);
    expect(mayDeliver(destination, { demonstration: true })).toBe(allowed);
    expect(mayDeliver(destination, { demonstration: false })).toBe(true);
  });

  it('leave the machine if a site says so', () => {
    const [destination] = parse([{ ...pacs, allowDemonstrationModels: true }]);
    expect(mayDeliver(destination, { demonstration: true })).toBe(true);
  });
});

describe('the objects of a destination', () => {
  const written = objectKinds.map((kind) => ({ kind }));
  const get = (objects: DeliverableKind[], of: readonly { kind: ObjectKind }[] = written) =>
    objectsFor({ objects }, of).map(({ kind }) => kind);

  it('are those it asks for', () => {
    expect(get(['SEG', 'SR'])).toEqual(['SEG', 'SR']);
    expect(get(['RTSTRUCT', 'REG'])).toEqual(['RTSTRUCT', 'REG']);
    expect(get(['KOS'])).toEqual(['KOS']);
    expect(get(['RejectionNote'])).toEqual(['RejectionNote']);
  });

  it('include the report that refers to the segmentation next to it', () => {
    expect(get(['LABELMAP', 'SR'])).toEqual(['LABELMAP', 'LABELMAP-SR']);
    expect(get(['LABELMAP', 'SEG', 'SR'])).toEqual(['SEG', 'SR', 'LABELMAP']);
    expect(get(['LABELMAP'])).toEqual(['LABELMAP']);
    // Nothing was found: there is one report.
    expect(get(['LABELMAP', 'SR'], [{ kind: 'SR' }])).toEqual(['SR']);
  });

  it('are written if any destination asks for them; SEG and SR always are', () => {
    expect(kindsToWrite([])).toEqual(['SEG', 'SR']);
    expect(kindsToWrite([{ objects: ['REG'] }, { objects: ['LABELMAP', 'SR'] }])).toEqual(
      ['SEG', 'SR', 'LABELMAP', 'LABELMAP-SR', 'REG'], // prettier-ignore
    );
  });
});
