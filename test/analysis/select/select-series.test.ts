import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/dicom/dataset.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import { normaliseText } from '../../../src/analysis/select/rule.js';
import { selectSeries } from '../../../src/analysis/select/select-series.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { selectionRulesSchema } from '../../../src/analysis/select/selection-rules.js';
import { readSeriesHeader, seriesHeader } from '../../../src/analysis/select/series-header.js';
import { sharedData } from '../../peers.js';

const rules = loadMapping(
  resolve(import.meta.dirname, '../../../mappings/series-selection.yaml'),
  selectionRulesSchema,
);

/** A Siemens MPRAGE after contrast, 160 sagittal slices of 1 mm; `change` overrides attributes. */
function series(change: Dataset = {}, { slices = 160, spacingMm = 1 } = {}) {
  return seriesHeader(
    Array.from({ length: slices }, (_, k) => ({
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: `2.25.${k + 1}`,
      SeriesInstanceUID: '2.25.1000',
      SeriesNumber: 5,
      InstanceNumber: k + 1,
      Modality: 'MR',
      Manufacturer: 'SIEMENS',
      ManufacturerModelName: 'Skyra',
      ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'NORM'],
      SeriesDescription: 't1_mprage_sag_p2_iso_KM',
      ProtocolName: 't1_mprage_sag_p2_iso_KM',
      ScanningSequence: ['GR', 'IR'],
      SequenceVariant: ['SK', 'SP', 'MP'],
      MRAcquisitionType: '3D',
      SequenceName: '*tfl3d1_16ns',
      AngioFlag: 'N',
      EchoTime: 2.98,
      RepetitionTime: 2300,
      InversionTime: 900,
      FlipAngle: 9,
      EchoNumbers: 1,
      Rows: 256,
      Columns: 256,
      PixelSpacing: [1, 1],
      ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
      ImagePositionPatient: [-80 + k * spacingMm, -128, 128],
      ...change,
    })),
  );
}

const verdict = (header: ReturnType<typeof series>) => selectSeries([header], rules).verdicts[0];
const named = (SeriesDescription: string, change: Dataset = {}) =>
  verdict(series({ SeriesDescription, ProtocolName: undefined, ...change }));

describe('series as vendors write them', () => {
  const ge = { Manufacturer: 'GE MEDICAL SYSTEMS', SequenceName: undefined, ImageType: ['ORIGINAL', 'PRIMARY', 'OTHER'], ScanningSequence: 'GR', SequenceVariant: ['SS', 'SP', 'SK'], RepetitionTime: 8.2, EchoTime: 3.2, InversionTime: 450, FlipAngle: 12, AngioFlag: undefined }; // prettier-ignore
  const philips = { Manufacturer: 'Philips Medical Systems', SequenceName: undefined, ImageType: ['ORIGINAL', 'PRIMARY', 'M_FFE', 'M', 'FFE'], ScanningSequence: 'GR', SequenceVariant: 'MP', RepetitionTime: 8.1, EchoTime: 3.7, InversionTime: 0, FlipAngle: 8 }; // prettier-ignore
  const canon = { Manufacturer: 'CANON_MEC', SequenceName: 'FFE3D', ImageType: ['ORIGINAL', 'PRIMARY', 'OTHER'], ScanningSequence: 'GR', SequenceVariant: 'NONE', RepetitionTime: 6, EchoTime: 2.6, InversionTime: 900, FlipAngle: 9 }; // prettier-ignore
  const hitachi = { Manufacturer: 'Hitachi Medical Corporation', SequenceName: undefined, ImageType: ['ORIGINAL', 'PRIMARY', 'OTHER'], ScanningSequence: ['GR'], RepetitionTime: 20, EchoTime: 4.4, InversionTime: undefined, FlipAngle: 25 }; // prettier-ignore

  it.each([
    ['t1_mprage_tra_p2_iso_KM', {}],
    ['t1_mpr_sag_nach_KM', {}],
    ['T1 MPRAGE SAG ISO +C', {}],
    ['t1_mprage_sag post Gd', {}],
    ['MPRAGE_PostContrast', {}],
    ['T1W 3D m. KM', {}],
    ['t1_fl3d_tra_iso_Gd', { SequenceName: '*fl3d1', ScanningSequence: 'GR', RepetitionTime: 22, InversionTime: undefined, FlipAngle: 25 }], // prettier-ignore
    ['t1_mprage_post_OP_KM', {}],
    ['Sag 3D BRAVO +C', ge],
    ['AX FSPGR 3D C+', ge],
    ['+C SAG IR-SPGR', ge],
    ['Ax 3D T1 POST GAD', ge],
    ['T1W_3D_TFE GD', philips],
    ['T1W_3D_TFE_ce', philips],
    ['sT1W_3D_FFE mKM nach Gadovist', philips],
    ['T1 3D FFE Kontrastmittel', canon],
    ['3D FAST3D MPR +CE', canon],
    ['3D GRE T1 rsSG +Gd', hitachi],
  ])('%s is selected', (description, change) => {
    expect(named(description, change)).toMatchObject({ accepted: true, failures: [] });
  });

  it.each([
    ['without any word of contrast', 't1_mprage_sag_p2_iso', {}, /contrast agent/],
    ['native', 't1_mprage_sag_nativ', { ContrastBolusAgent: 'Gadovist' }, /pre-contrast/],
    ['ohne KM', 't1_mprage_sag_ohne_KM', {}, /pre-contrast/],
    ['vor KM', 'T1 MPRAGE vor KM', {}, /pre-contrast/],
    ['pre Gd', 'T1 MPRAGE PRE GD', {}, /pre-contrast/],
    ['w/o contrast', 'AX BRAVO W/O CONTRAST', ge, /pre-contrast/],
    ['after an operation, not after contrast', 't1_mprage_post_op', {}, /contrast agent/],
    ['CUBE', 'Sag CUBE T1 +C', { ...ge, ScanningSequence: 'SE' }, /spin echo/],
    ['SPACE', 't1_space_sag_KM', { SequenceName: '*spcir_278ns', ScanningSequence: ['SE', 'IR'] }, /spin echo/],
    ['a 2D FLASH', 't1_fl2d_tra_KM', { MRAcquisitionType: '2D' }, /three-dimensional/],
    ['a FLAIR', 't2_flair_3d_KM', {}, /by its name/],
    ['susceptibility', 'SWI KM', { SequenceName: '*swi3d1r', EchoTime: 20 }, /echo time/],
    ['CISS', 't2_ciss3d_tra_KM', { SequenceName: '*ci3d1_110' }, /Siemens sequence/],
    ['an angiography', 'TOF_3D_multi-slab KM', { AngioFlag: 'Y' }, /angiography/],
    ['a phase image', 't1_mprage_KM', { ImageType: ['ORIGINAL', 'PRIMARY', 'P', 'ND'] }, /magnitude/],
    ['a subtraction', 't1_mprage_KM_SUB', { ImageType: ['DERIVED', 'PRIMARY', 'SUBTRACTION'] }, /difference/],
    ['a projection', 't1_mprage_KM', { ImageType: ['DERIVED', 'SECONDARY', 'PROJECTION IMAGE', 'MIP'] }, /secondary/],
    ['a reformat', 't1_mprage_KM_cor', { ImageType: ['DERIVED', 'SECONDARY', 'MPR', 'CSA MPR'] }, /secondary/],
    ['an MP2RAGE inversion', 't1_mp2rage_sag_KM_INV1', {}, /by its name/],
    ['a second echo', 't1_mprage_KM', { EchoNumbers: 2 }, /first echo/],
    ['a late inversion', 't1_ir_KM', { InversionTime: 2100 }, /inversion time/],
    ['a spine', 't1_vibe_HWS_KM', {}, /by its name/],
    ['a knee', 't1_mprage_KM', { BodyPartExamined: 'KNEE' }, /the brain/],
    ['a CT', 't1_mprage_KM', { Modality: 'CT' }, /modality/],
    ['ours', 't1_mprage_KM', { Manufacturer: 'Priora' }, /not written by Priora/],
    ['a segmentation', 't1_mprage_KM', { SOPClassUID: SOPClass.SegmentationStorage, Modality: 'SEG' }, /MR image/],
    ['coarse pixels', 't1_mprage_KM', { PixelSpacing: [2, 2] }, /in-plane/],
    ['a small field of view', 't1_mprage_KM', { Rows: 128, Columns: 128 }, /within the slices/],
    ['"no contrast" in the header', 't1_mprage', { ContrastBolusAgent: 'NONE' }, /contrast agent/],
  ])('%s is not selected', (_, description, change, reason) => {
    const { accepted, failures } = named(description, change);
    expect(accepted).toBe(false);
    expect(failures.join('\n')).toMatch(reason);
  });

  it('a contrast agent in the header is sufficient evidence', () => {
    expect(named('t1_mprage_sag_p2_iso', { ContrastBolusAgent: 'Gadobutrol' }).accepted).toBe(true);
  });

  it('a thick or short stack is not selected', () => {
    expect(verdict(series({}, { slices: 80, spacingMm: 2.5 })).failures.join()).toMatch(/slice spacing/);
    expect(verdict(series({}, { slices: 80, spacingMm: 1 })).failures.join()).toMatch(/across the slices/);
  });

  it('every rule records what it found', () => {
    const { reasons } = verdict(series());
    expect(reasons).toContain('passed three-dimensional acquisition: MRAcquisitionType = 3D');
    expect(reasons.length).toBeGreaterThan(rules.require.length);
  });
});

describe('Enhanced MR', () => {
  const enhanced = (shared: Dataset = {}, top: Dataset = {}) => {
    const classic = series();
    const { ScanningSequence: _a, EchoTime: _b, RepetitionTime: _c, InversionTime: _d, FlipAngle: _e, PixelSpacing: _f, ImagePositionPatient: _g, ImageOrientationPatient: _h, SequenceName: _i, ...rest } = classic.dataset; // prettier-ignore
    void [_a, _b, _c, _d, _e, _f, _g, _h, _i];
    return seriesHeader([
      {
        ...rest,
        SOPClassUID: SOPClass.EnhancedMRImageStorage,
        PulseSequenceName: '*tfl3d1_16ns',
        EchoPulseSequence: 'GRADIENT',
        SeriesDescription: 'anat-T1w',
        ProtocolName: 'anat-T1w',
        ...top,
        SharedFunctionalGroupsSequence: [
          {
            PixelMeasuresSequence: [{ PixelSpacing: [1, 1], SliceThickness: 1 }],
            PlaneOrientationSequence: [{ ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }],
            MRTimingAndRelatedParametersSequence: [{ RepetitionTime: 2300, FlipAngle: 9 }],
            MRModifierSequence: [{ InversionRecovery: 'YES', InversionTimes: 900 }],
            MREchoSequence: [{ EffectiveEchoTime: 2.9 }],
            MRImageFrameTypeSequence: [
              { FrameType: ['ORIGINAL', 'PRIMARY', 'M', 'NONE'], ComplexImageComponent: 'MAGNITUDE' },
            ],
            ...shared,
          },
        ],
        PerFrameFunctionalGroupsSequence: Array.from({ length: 160 }, (_, k) => ({
          PlanePositionSequence: [{ ImagePositionPatient: [-80 + k, -128, 128] }],
        })),
      },
    ]);
  };
  const given = (value: string) => ({ ContrastBolusUsageSequence: [{ ContrastBolusAgentAdministered: value }] });

  it('is judged by its functional groups', () => {
    expect(verdict(enhanced(given('YES')))).toMatchObject({ accepted: true, failures: [] });
    expect(enhanced()).toMatchObject({ images: 160, sliceSpacingMm: 1, coverageMm: 160 });
  });

  it.each([
    ['no evidence of contrast', {}, {}, /contrast agent/],
    [
      'agent present but not yet given',
      given('NO'),
      { ContrastBolusAgentSequence: [{ CodeMeaning: 'Gadobutrol' }] },
      /not yet given/,
    ],
    ['spin echo', given('YES'), { EchoPulseSequence: 'SPIN' }, /gradient echo/],
    ['echo planar', given('YES'), { EchoPlanarPulseSequence: 'YES' }, /echo planar/],
    [
      'phase frames',
      { ...given('YES'), MRImageFrameTypeSequence: [{ ComplexImageComponent: 'PHASE' }] },
      {},
      /magnitude/,
    ],
    ['time of flight', given('YES'), { TimeOfFlightContrast: 'YES' }, /T1 contrast/],
  ])('%s is not selected', (_, shared, top, reason) => {
    const { accepted, failures } = verdict(enhanced(shared, top));
    expect(accepted).toBe(false);
    expect(failures.join('\n')).toMatch(reason);
  });

  it('may give the code of the agent instead of its name', () => {
    const top = { ContrastBolusAgentSequence: [{ CodeMeaning: 'Gadobutrol' }] };
    expect(verdict(enhanced({}, top)).accepted).toBe(true);
  });
});

describe('the one series of a study', () => {
  const as = (SeriesInstanceUID: string, change: Dataset = {}, size = {}) =>
    series({ SeriesInstanceUID, ...change }, size);
  const corrected = { ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'DIS3D', 'NORM'] };
  const axial = { ImageOrientationPatient: [1, 0, 0, 0, 1, 0] };

  it('is none if none is accepted', () => {
    expect(selectSeries([series({ Modality: 'CT' })], rules)).toMatchObject({ selected: null, kind: null });
    expect(selectSeries([], rules)).toEqual({ selected: null, verdicts: [], kind: null });
  });

  it('is the distortion-corrected one, unless the prior was not corrected', () => {
    const study = [as('2.25.1'), as('2.25.2', corrected)];
    expect(selectSeries(study, rules)).toMatchObject({
      selected: '2.25.2',
      kind: { distortion: 'DIS3D', plane: 'sagittal' },
    });
    expect(selectSeries(study, rules, { distortion: 'ND', plane: 'sagittal' }).selected).toBe('2.25.1');
  });

  it('is the one in the plane of the prior', () => {
    const position = (k: number) => ({ ImagePositionPatient: [-128, -128, -80 + k] });
    const tra = seriesHeader(
      Array.from({ length: 160 }, (_, k) => ({
        ...as('2.25.2', axial).dataset,
        ...position(k),
        SOPInstanceUID: `2.25.9${k}`,
      })),
    );
    const study = [as('2.25.1'), tra];
    expect(selectSeries(study, rules, { distortion: 'unknown', plane: 'axial' }).selected).toBe('2.25.2');
    expect(selectSeries(study, rules, { distortion: 'unknown', plane: 'sagittal' }).selected).toBe('2.25.1');
  });

  it('is the finer one, then the later one, whatever the order of arrival', () => {
    const study = [as('2.25.1', {}, { slices: 80, spacingMm: 2 }), as('2.25.2'), as('2.25.3', { SeriesNumber: 9 })];
    expect(selectSeries(study, rules).selected).toBe('2.25.3');
    expect(selectSeries([...study].reverse(), rules).selected).toBe('2.25.3');
  });

  it('is the one that names its contrast agent rather than the one that only plans radiosurgery', () => {
    const planning = { SeriesDescription: 't1_mpr_tra_gk', ProtocolName: 't1_mpr_tra_gk' };
    expect(selectSeries([as('2.25.1', planning), as('2.25.2')], rules).selected).toBe('2.25.2');
  });
});

describe('real series, as in docs/expected-verdicts.md', () => {
  const expected = [
    ['t1gd-siemens-avanto', /dcm$/, true, [/planning of radiosurgery.*“gk”/]],
    ['t1-public-domain-3t', /dcm$/, false, [/three-dimensional/, /gradient echo/, /secondary/, /contrast agent/]],
    ['t1-fruit-ge', /dcm$/, false, [/contrast agent/]],
    ['t1-enhanced-siemens-xa30', /series5/, false, [/in-plane/, /contrast agent/]],
    ['t1-enhanced-siemens-xa30', /series6/, false, [/in-plane/, /contrast agent/]],
  ] as const;
  for (const [name, pattern, accepted, reasons] of expected) {
    const data = sharedData(name);
    it.skipIf(data === null)(`${name} ${pattern.source}: ${accepted ? 'taken' : 'refused'}`, async () => {
      const files = readdirSync(data!)
        .filter((file) => pattern.test(file))
        .map((file) => join(data!, file));
      const header = await readSeriesHeader(files);
      const { selected, verdicts } = selectSeries([header], rules);
      expect(selected).toBe(accepted ? header.SeriesInstanceUID : null);
      expect(verdicts[0].failures).toHaveLength(accepted ? 0 : reasons.length);
      for (const reason of reasons) expect(verdicts[0].reasons.join('\n')).toMatch(reason);
    });
  }
});

describe('the rules file', () => {
  const file = (content: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'rules-')), 'series-selection.yaml');
    writeFileSync(path, content);
    return path;
  };

  it.each([
    ['an unknown attribute', 'attribute: SeriesDescripton\n    oneOf: [x]', /attribute/],
    ['no test', 'attribute: Modality', /needs one of/],
    ['a misspelt test', 'attribute: Modality\n    onOf: [MR]', /onOf/],
  ])('names %s', (_, body, message) => {
    const content = `ignorePhrases: []\nrequire:\n  - rule: r\n    ${body}\ncontrast:\n  refusedBy: []\n  evidence:\n    - {rule: c, attribute: Modality, oneOf: [MR], points: 1}\nprefer: []\npriorKind: {distortion: 1, plane: 1}\n`;
    expect(() => loadMapping(file(content), selectionRulesSchema)).toThrow(message);
    expect(() => loadMapping(file(content), selectionRulesSchema)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it.each([
    ['T1_mprage-tra.KM', 't1 mprage tra km'],
    ['AX T1+C', 'ax t1 +c'],
    ['AX T1 C+', 'ax t1 c+'],
    ['SAG + C', 'sag +c'],
    ['Schädel', 'schadel'],
  ])('reads %s as words', (text, expected) => {
    expect(normaliseText(text)).toBe(expected);
  });
});
