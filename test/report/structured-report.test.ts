import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SOPClass } from '../../src/dicom/uid.js';
import { applyAffine } from '../../src/imaging/affine.js';
import { spacingMm } from '../../src/imaging/volume.js';
import type { ReportInput } from '../../src/report/report-input.js';
import { cases } from './cases.js';
import { freshFolder, hasPydicom, pythonJson } from './peer-processes.js';

/** The tree as pydicom reads it: [relationship, type, concept meaning, value, children]. */
const readTree = `
import json, sys, pydicom
def value(i):
    t = i.ValueType
    if t == 'TEXT': return i.TextValue
    if t == 'CODE': return i.ConceptCodeSequence[0].CodeMeaning
    if t == 'NUM':
        m = i.MeasuredValueSequence[0]
        return str(m.NumericValue) + ' ' + m.MeasurementUnitsCodeSequence[0].CodeValue
    if t == 'UIDREF': return i.UID
    if t == 'DATE': return str(i.Date)
    if t in ('IMAGE', 'COMPOSITE'):
        r = i.ReferencedSOPSequence[0]
        return [r.ReferencedSOPInstanceUID, str(r.get('ReferencedSegmentNumber', '')), str(r.get('ReferencedFrameNumber', ''))]
    if t in ('SCOORD', 'SCOORD3D'): return [float(v) for v in i.GraphicData]
def tree(i):
    concept = i.ConceptNameCodeSequence[0].CodeMeaning if 'ConceptNameCodeSequence' in i else ''
    return [i.get('RelationshipType', ''), i.ValueType, concept, value(i), [tree(c) for c in i.get('ContentSequence', [])]]
def evidence(s):
    return [[x.StudyInstanceUID, [[y.SeriesInstanceUID, [z.ReferencedSOPInstanceUID for z in y.ReferencedSOPSequence]] for y in x.ReferencedSeriesSequence]] for x in s]
ds = pydicom.dcmread(sys.argv[1])
print(json.dumps({'tree': tree(ds), 'completion': ds.get('CompletionFlag'), 'verification': ds.get('VerificationFlag'),
  'date': ds.ContentDate, 'time': ds.ContentTime, 'description': ds.SeriesDescription, 'study': ds.StudyInstanceUID,
  'predecessor': evidence(ds.get('PredecessorDocumentsSequence', [])),
  'current': evidence(ds.CurrentRequestedProcedureEvidenceSequence), 'other': evidence(ds.get('PertinentOtherEvidenceSequence', []))}))
`;
import { writeRejectionNote } from '../../src/report/kos/rejection-note.js';
import { writeReport } from '../../src/report/sr/write.js';
import { writeSegmentation } from '../../src/report/seg/write.js';

type Tree = [relationship: string, type: string, concept: string, value: unknown, children: Tree[]];
interface Document {
  tree: Tree;
  completion: string;
  verification: string;
  date: string;
  time: string;
  description: string;
  study: string;
  predecessor: unknown;
  current: [string, [string, string[]][]][];
  other: unknown;
}

const folder = freshFolder();
const inputOf = (name: string) => cases.find((entry) => entry.name === name)!.input;
function read(bytes: Buffer): Document {
  const path = join(folder, 'document.dcm');
  writeFileSync(path, bytes);
  return pythonJson(readTree, path) as Document;
}
function reportOf(name: string) {
  const input = inputOf(name);
  const segmentation = input.lesions.length > 0 ? writeSegmentation(input) : null;
  const written = writeReport(input, segmentation);
  return { input, segmentation, written, document: read(written.bytes) };
}
const child = (parent: Tree, concept: string): Tree[] => parent[4].filter((entry) => entry[2] === concept);
const texts = (parent: Tree): unknown[] => parent[4].filter((entry) => entry[1] === 'TEXT').map((entry) => entry[3]);

describe.skipIf(!hasPydicom)('writeReport, read by pydicom', () => {
  test('says of each lesion who it is, what it measures, and where its segment and images are', () => {
    const { input, segmentation, document } = reportOf('multi-frame-japanese');
    const groups = child(child(document.tree, 'Imaging Measurements')[0], 'Measurement Group');
    expect(groups).toHaveLength(3);
    groups.forEach((group, index) => {
      const lesion = input.lesions[index];
      const value = (concept: string) => child(group, concept)[0][3];
      expect(value('Tracking Identifier')).toBe(lesion.trackingID);
      // OHIF takes the first UIDREF of the group for the identity.
      expect(group[4].find((entry) => entry[1] === 'UIDREF')?.[3]).toBe(lesion.trackingUID);
      expect(Number.parseFloat(value('Volume') as string)).toBeCloseTo(lesion.volumeMm3, 2);
      expect(value('Long axis')).toBe(`${lesion.longAxisMm} mm`);
      expect(value('Short axis')).toBe(`${lesion.shortAxisMm} mm`);
      expect(value('Certainty of Finding')).toBe('87.5 %');
      expect(value('Referenced Segment')).toEqual([segmentation!.SOPInstanceUID, String(index + 1), '']);
      expect(value('Time Point')).toBe('Time point 2');
      // A number without a child stops OHIF.
      for (const entry of group[4]) if (entry[1] === 'NUM') expect(entry[4].length).toBeGreaterThan(0);
    });
    expect(groups.map((group) => child(group, 'Detection confidence')[0][3])).toEqual([
      'Confirmed',
      'Confirmed',
      'Candidate',
    ]);
    expect(groups.map((group) => child(group, 'Change since prior study')[0][3])).toEqual([
      'New finding',
      'Increase in size',
      'No significant changes in the finding',
    ]);
    const [, , frames] = child(groups[0], 'Source image for segmentation')[0][3] as [string, string, string];
    expect(frames).toMatch(/^\[\d+, \d+/);
  });

  test('is complete, unverified, dated by its source and part of its study', () => {
    const { input, segmentation, written, document } = reportOf('axial-umlauts');
    expect(document).toMatchObject({
      completion: 'COMPLETE',
      verification: 'UNVERIFIED',
      date: '20240312',
      time: '102233.5',
      study: input.source.header['StudyInstanceUID'],
      other: [[input.prior!.StudyInstanceUID, [[input.prior!.SeriesInstanceUID, ['2.25.333', '2.25.334']]]]],
    });
    const [[study, series]] = document.current;
    expect(study).toBe(document.study);
    expect(series.map(([uid, instances]) => [uid, instances.length])).toEqual([
      [input.source.header['SeriesInstanceUID'], 24],
      [segmentation!.SeriesInstanceUID, 1],
    ]);
    expect(writeReport(input, segmentation).bytes.equals(written.bytes)).toBe(true);
  });

  test('says without a lesion that there is none, why no prior was used, and what limits the analysis', () => {
    const { document } = reportOf('none');
    const measurements = child(document.tree, 'Imaging Measurements')[0];
    expect(measurements[4].map(([, , concept]) => concept)).toEqual([
      'Algorithm Name',
      'Algorithm Version',
      'Algorithm Parameters',
      'Algorithm Parameters',
      'Algorithm Manufacturer',
      'Algorithm Family',
    ]);
    const evaluations = child(document.tree, 'Qualitative Evaluations')[0];
    expect(child(evaluations, 'CAD Processing and Findings Summary')[0][3]).toMatch(/without findings/);
    expect(child(evaluations, 'Comparison with Prior Exam Done')[0][3]).toBe('No');
    const said = texts(evaluations).join('\n');
    expect(said).toContain('No lesion found, neither confirmed nor candidate.');
    expect(said).toContain(
      'No prior study was used: the images of the prior study cannot be used: slices are missing.',
    );
    expect(said).toContain('the brain extends beyond the field of view; 93 % of it was examined');
    expect(said).toContain('Series selection was overridden by an operator.');
    expect(said).toContain('Produced with demonstration weights. Not for clinical use.');
    expect(document.description).toContain('demonstration weights, not for clinical use');
  });

  test('names a prior whose registration was refused as not used, and a predecessor as superseded', () => {
    const { input, document } = reportOf('prior-refused');
    const evaluations = child(document.tree, 'Qualitative Evaluations')[0];
    expect(child(evaluations, 'Comparison with Prior Exam Done')[0][3]).toBe('No');
    expect(child(evaluations, 'Registration of the prior study')[0][3]).toBe('Refused');
    expect(texts(evaluations).join('\n')).toContain('similarity 0.120 is below 0.3');
    expect(document.predecessor).toEqual([['2.25.779', [['2.25.778', ['2.25.777']]]]]);
    for (const { sha256 } of input.models) expect(texts(evaluations).join('\n')).toContain(sha256);
  });

  test('says where each followed lesion lies, how it has changed, and what became of those not found', () => {
    const { input, document } = reportOf('followed-up');
    const groups = child(child(document.tree, 'Imaging Measurements')[0], 'Measurement Group');
    expect(groups).toHaveLength(3);
    const [grown, fresh, part] = groups;
    const earlier = child(child(document.tree, 'Qualitative Evaluations')[0], 'Lesion of an earlier time point');
    expect(earlier).toHaveLength(3);
    const [gone, merged, hidden] = earlier;
    const value = (group: Tree, concept: string) => child(group, concept)[0]?.[3];
    const { volumeMm3, history } = input.lesions[0];
    expect(value(grown, 'Finding Site')).toBe('Frontal lobe');
    expect(child(child(grown, 'Finding Site')[0], 'Laterality')[0][3]).toBe('Right');
    expect(value(grown, 'Volume at previous measurement')).toBe(`${history[1].volumeMm3} mm3`);
    expect(value(grown, 'Volume change since previous measurement')).toBe(`${volumeMm3 - history[1].volumeMm3} mm3`);
    expect(value(grown, 'Relative volume change since previous measurement')).toBe('700 %');
    expect(value(grown, 'Interval since previous measurement')).toBe('42 d');
    // Eight times the volume in six weeks is three doublings.
    expect(value(grown, 'Volume doubling time since previous measurement')).toBe('14 d');
    expect(value(grown, 'Interval since first measurement')).toBe('84 d');
    expect(value(grown, 'Volume doubling time since first measurement')).toBe('28 d');
    expect(value(grown, 'Change since first measurement')).toBe('Increase in size');
    expect(value(grown, 'Merged with')).toBe('Lesion 101');
    expect(value(grown, 'Time Point')).toBe('Time point 3');
    expect(value(fresh, 'Finding Site')).toBe('Cerebellum');
    expect(value(fresh, 'Volume at previous measurement')).toBeUndefined();
    expect(value(part, 'Split from')).toBe('Lesion 1');
    expect(value(part, 'Volume doubling time since previous measurement')).toBeUndefined();
    expect([gone, merged, hidden].map((group) => value(group, 'Change since prior study'))).toEqual([
      'Not visualised',
      'Merged with another lesion',
      'Outside the field of view',
    ]);
    expect(value(gone, 'Tracking Unique Identifier')).toBe(input.gone[0].trackingUID);
    expect(value(gone, 'Comment')).toBe(
      'Not visualised. Last seen at time point 2, 42 days earlier: 268 mm³, long axis 8.0 mm.',
    );
    expect(value(gone, 'Baseline Category')).toBe('Target Lesion at Baseline');
    for (const group of groups)
      for (const entry of group[4]) if (entry[1] === 'NUM') expect(entry[4].length).toBeGreaterThan(0);
  });

  test.each(['followed-up', 'multi-frame-japanese', 'oblique', 'coronal'])(
    'draws axes where they were measured, in the image where they lie in a source slice: %s',
    (name) => {
      const { input, document } = reportOf(name);
      const { frames, grid } = input.source;
      const groups = child(child(document.tree, 'Imaging Measurements')[0], 'Measurement Group');
      const kinds = groups.flatMap((group, index) =>
        (['Long axis', 'Short axis'] as const).map((concept) => {
          const [[relationship, type, , points, children]] = child(group, concept)[0][4] as [Tree];
          expect(relationship).toBe('INFERRED FROM');
          const truth = input.lesions[index][concept === 'Long axis' ? 'longAxis' : 'shortAxis'].flat();
          const data = points as number[];
          if (type === 'SCOORD3D') {
            data.forEach((value, axis) => expect(value).toBeCloseTo(truth[axis], 3));
            return type;
          }
          const [[selected, kind, , [instance, , frameNumber]]] = children as [Tree & { 3: string[] }];
          expect([selected, kind]).toEqual(['SELECTED FROM', 'IMAGE']);
          const { k } = frames.find(
            (frame) => frame.SOPInstanceUID === instance && String(frame.frameNumber ?? '') === frameNumber,
          )!;
          // Corner of the first pixel is (0, 0), its centre (0.5, 0.5).
          const ends = [data.slice(0, 2), data.slice(2)].map(([column, row]) =>
            applyAffine(grid.patientFromVoxel, [column - 0.5, row - 0.5, k]),
          );
          const offMm = Math.max(...ends.flat().map((value, axis) => Math.abs(value - truth[axis])));
          expect(offMm).toBeLessThanOrEqual(spacingMm(grid)[2] / 2 + 1e-3);
          return type;
        }),
      );
      // Axial axes lie in axial slices; of sagittal and coronal slices, one of the two crosses them.
      if (name === 'followed-up') expect(new Set(kinds)).toEqual(new Set(['SCOORD']));
      else expect(kinds).toContain('SCOORD3D');
    },
  );

  test('calls a finding a metastasis once it has been confirmed, and a lesion until then', () => {
    const { input, document } = reportOf('followed-up');
    const findings = (tree: Tree) =>
      child(child(tree, 'Imaging Measurements')[0], 'Measurement Group').map((group) => child(group, 'Finding')[0][3]);
    expect(input.lesions.map(({ confidence }) => confidence)).toEqual(['confirmed', 'confirmed', 'candidate']);
    // The third was confirmed at both earlier time points.
    expect(findings(document.tree)).toEqual(['Neoplasm, Secondary', 'Neoplasm, Secondary', 'Neoplasm, Secondary']);
    const never = { ...input, lesions: input.lesions.map((lesion) => ({ ...lesion, history: [] })) };
    const again = read(writeReport(never, writeSegmentation(never)).bytes);
    expect(findings(again.tree)).toEqual(['Neoplasm, Secondary', 'Neoplasm, Secondary', 'Lesion']);
  });

  test('calls a time point the nadir of its targets alone, and not where the disease progresses', () => {
    const input = inputOf('followed-up');
    const [target] = input.lesions;
    const types = (response: ReportInput['response']) => {
      const { tree } = read(writeReport({ ...input, response }, writeSegmentation(input)).bytes);
      return child(child(tree, 'Imaging Measurements')[0], 'Measurement Group').map(
        (group) => child(group, 'Time Point Type')[0][3],
      );
    };
    const { targets, ...judged } = input.response!;
    const [length] = targets.lesions;
    const smaller = {
      ...judged,
      overall: 'PR',
      targets: { ...targets, category: 'PR', lesions: [{ ...length, trackingUID: target.trackingUID }], sumMm: 10 },
    } as const;
    expect(types(smaller)).toEqual(['Nadir', 'Posttreatment', 'Posttreatment']);
    expect(types({ ...smaller, overall: 'PD' })).toEqual(['Posttreatment', 'Posttreatment', 'Posttreatment']);
  });

  test('gives the response with its numbers, and codes only what the codes mean', () => {
    const { document } = reportOf('followed-up');
    const response = child(document.tree, 'Response Evaluation')[0];
    const value = (concept: string) => child(response, concept).map((entry) => entry[3]);
    expect(value('Response Evaluation Method')).toEqual(['RANO']);
    expect(value('Overall radiographic response (RANO-BM)')).toEqual(['Progressive Disease']);
    // Progression of a non-target and a new lesion: nothing about targets, one of which is out of view.
    expect(value('Current Response')).toEqual(['Non-Target Lesion Progressive Disease']);
    expect(value('Sum of longest diameters of target lesions')).toEqual([]);
    expect(value('Sum of longest diameters at baseline')).toEqual(['33 mm']);
    expect(value('Smallest sum of longest diameters before')).toEqual(['24 mm']);
    expect(value('Number of new lesions')).toEqual(['1 {lesions}']);
    expect(value('Immunotherapy')).toEqual(['Unknown']);
    const said = texts(response).join('\n');
    expect(said).toContain('RANO-BM, radiographic part: progressive disease (PD).');
    expect(said).toContain('New since baseline, in mm: Lesion 2 10.0, first seen at time point 3.');
    expect(said).toContain(
      'RANO-BM also considers corticosteroid dose and clinical status, which are not assessed here.',
    );
  });

  test('is in German if configured; codes keep the standard’s words', () => {
    const { document } = reportOf('all-gone-german');
    expect(child(document.tree, 'Language of Content Item and Descendants')[0][3]).toBe('German (Germany)');
    const evaluations = child(document.tree, 'Qualitative Evaluations')[0];
    expect(texts(evaluations)).toContain(
      'Zeitpunkt 3: Keine Läsion gefunden, weder bestätigt noch als Kandidat. Seit der Voruntersuchung: 1 nicht abgrenzbar.',
    );
    expect(child(evaluations, 'Comparison with Prior Exam Done')[0][3]).toBe('Yes');
    const said = texts(child(document.tree, 'Response Evaluation')[0]).join('\n');
    expect(said).toContain('Nicht beurteilbar: Zielläsionen liegen außerhalb des Bildfelds.');
    expect(said).toContain('Lesion 102 11,0 → 8,0 → außerhalb des Bildfelds');
    expect(document.description).toBe('Priora SR - Demogewichte, nicht für klinischen Gebrauch');
    // Texts alone: names of concepts, codes and lesions are the same in every language.
    expect(`${said}${texts(evaluations).join('')}`).not.toMatch(/\b(the|and|not|of)\b/);
  });

  test('gives the order of the time point once, for all that follows; no group takes it for a measurement', () => {
    const { input, document } = reportOf('followed-up');
    const order = child(document.tree, 'Time Point Order');
    expect(order).toEqual([['HAS OBS CONTEXT', 'NUM', 'Time Point Order', `${input.timePoint.order} 1`, []]]);
    expect(child(reportOf('none').document.tree, 'Time Point Order')[0][3]).toBe('1 1');
    for (const group of child(child(document.tree, 'Imaging Measurements')[0], 'Measurement Group')) {
      expect(child(group, 'Time Point Order')).toEqual([]);
      expect(child(group, 'Subject Time Point Identifier')[0][3]).toBe(String(input.timePoint.order));
    }
  });

  test('names the algorithm in the language that the document declares', () => {
    const inGerman: ReportInput = { ...inputOf('followed-up'), language: 'de' };
    const { tree } = read(writeReport(inGerman, writeSegmentation(inGerman)).bytes);
    const parameters = child(child(tree, 'Imaging Measurements')[0], 'Algorithm Parameters').map((entry) => entry[3]);
    expect(parameters).toEqual([
      expect.stringMatching(/^Netz hoher Sensitivität m-sens 1\.0\.0, SHA-256 a1/),
      expect.stringMatching(/^Netz hoher Spezifität m-spec 1\.0\.0, SHA-256 b2/),
    ]);
  });

  test('says of other than demonstration weights that they are for research only', () => {
    const { document } = reportOf('oblique');
    expect(document.description).toBe('Priora brain metastases report - for research use only');
    expect(JSON.stringify(document.tree)).not.toContain('demonstration');
  });
});

describe.skipIf(!hasPydicom)('writeRejectionNote, read by pydicom', () => {
  const input = inputOf('coronal');
  const note = {
    header: input.source.header,
    superseded: [
      {
        SOPClassUID: SOPClass.SegmentationStorage,
        SOPInstanceUID: '2.25.1',
        SeriesInstanceUID: '2.25.2',
        StudyInstanceUID: '2.25.3',
      },
      {
        SOPClassUID: SOPClass.Comprehensive3DSRStorage,
        SOPInstanceUID: '2.25.4',
        SeriesInstanceUID: '2.25.5',
        StudyInstanceUID: '2.25.3',
      },
    ],
    software: input.software,
    demonstration: true,
    language: 'en',
  } as const;

  test('retires the objects for quality, the SEG as image and the SR as document', () => {
    const { tree, current } = read(writeRejectionNote(note).bytes);
    expect(tree[2]).toBe('Rejected for Quality Reasons');
    expect(child(tree, 'Key Object Description')[0][3]).toBe(
      'Superseded by a newer result: the images, the prior study or the models have changed.',
    );
    expect(child(tree, '').map(([, type, , value]) => [type, (value as string[])[0]])).toEqual([
      ['IMAGE', '2.25.1'],
      ['COMPOSITE', '2.25.4'],
    ]);
    expect(current).toEqual([['2.25.3', [['2.25.2', ['2.25.1']], ['2.25.5', ['2.25.4']]]]]); // prettier-ignore
  });

  test('is refused if there is nothing to retire', () => {
    expect(() => writeRejectionNote({ ...note, superseded: [] })).toThrow(/needs an object/);
  });
});
