import { code, type Code } from '../dicom/code.js';

export { codeItem, type Code } from '../dicom/code.js';

/** What the standard has no code for. Declared in every object that uses it (PS3.3 C.12.1.1.7). */
export const privateScheme = {
  CodingSchemeDesignator: '99PRIORA',
  CodingSchemeName: 'Priora longitudinal brain metastasis concepts',
  CodingSchemeResponsibleOrganization: 'Priora',
};

/** Every concept our objects use, by what it means to us; contexts from PS3.16. */
export const codes = {
  // SEG: CID 7150, 7159, 4, 7162, 7203, 7202, 7005
  morphologicallyAbnormalStructure: code('49755003', 'SCT', 'Morphologically Abnormal Structure'),
  metastasis: code('14799000', 'SCT', 'Neoplasm, Secondary'),
  spatialConcept: code('309825002', 'SCT', 'Spatial and Relational Concept'),
  background: code('125040', 'DCM', 'Background'),
  head: code('69536005', 'SCT', 'Head'),
  brain: code('12738006', 'SCT', 'Brain'),
  artificialIntelligence: code('123110', 'DCM', 'Artificial Intelligence'),
  segmentation: code('113076', 'DCM', 'Segmentation'),
  sourceImageForProcessing: code('121322', 'DCM', 'Source image for image processing operation'),
  processingEquipment: code('109102', 'DCM', 'Processing Equipment'),

  // SR: titles, containers, context (TID 1500, 1204, 1002, 1004, 1600)
  imagingMeasurementReport: code('126000', 'DCM', 'Imaging Measurement Report'),
  language: code('121049', 'DCM', 'Language of Content Item and Descendants'),
  englishUS: code('en-US', 'RFC5646', 'English (United States)'),
  observerType: code('121005', 'DCM', 'Observer Type'),
  device: code('121007', 'DCM', 'Device'),
  deviceObserverUID: code('121012', 'DCM', 'Device Observer UID'),
  deviceObserverName: code('121013', 'DCM', 'Device Observer Name'),
  deviceObserverManufacturer: code('121014', 'DCM', 'Device Observer Manufacturer'),
  deviceObserverModelName: code('121015', 'DCM', 'Device Observer Model Name'),
  procedureReported: code('121058', 'DCM', 'Procedure reported'),
  mriProcedure: code('25056-3', 'LN', 'MRI unspecified body region'),
  imageLibrary: code('111028', 'DCM', 'Image Library'),
  imageLibraryGroup: code('126200', 'DCM', 'Image Library Group'),
  modality: code('121139', 'DCM', 'Modality'),
  magneticResonance: code('MR', 'DCM', 'Magnetic Resonance'),
  targetRegion: code('123014', 'DCM', 'Target Region'),
  acquisitionDate: code('126201', 'DCM', 'Acquisition Date'),
  imagingMeasurements: code('126010', 'DCM', 'Imaging Measurements'),
  measurementGroup: code('125007', 'DCM', 'Measurement Group'),
  qualitativeEvaluations: code('C0034375', 'UMLS', 'Qualitative Evaluations'),

  // One lesion (TID 1411, 1419, 1502, 4019)
  trackingIdentifier: code('112039', 'DCM', 'Tracking Identifier'),
  trackingUniqueIdentifier: code('112040', 'DCM', 'Tracking Unique Identifier'),
  findingCategory: code('276214006', 'SCT', 'Finding category'),
  finding: code('121071', 'DCM', 'Finding'),
  findingSite: code('363698007', 'SCT', 'Finding Site'),
  referencedSegment: code('121191', 'DCM', 'Referenced Segment'),
  sourceImageForSegmentation: code('121233', 'DCM', 'Source image for segmentation'),
  timePoint: code('C2348792', 'UMLS', 'Time Point'),
  timePointType: code('126072', 'DCM', 'Time Point Type'),
  baselineTimePoint: code('C1442488', 'UMLS', 'Baseline'),
  posttreatment: code('126074', 'DCM', 'Posttreatment'),
  subjectTimePoint: code('126070', 'DCM', 'Subject Time Point Identifier'),
  volume: code('118565006', 'SCT', 'Volume'),
  measurementMethod: code('370129005', 'SCT', 'Measurement Method'),
  sumOfVoxelVolumes: code('126030', 'DCM', 'Sum of segmented voxel volumes'),
  longAxis: code('103339001', 'SCT', 'Long axis'),
  shortAxis: code('103340004', 'SCT', 'Short axis'),
  maximum3dDiameter: code('L0JK', 'IBSI', 'Maximum 3D Diameter of a Mesh'),
  certaintyOfFinding: code('111012', 'DCM', 'Certainty of Finding'),
  path: code('121055', 'DCM', 'Path'),
  algorithmFamily: code('111000', 'DCM', 'Algorithm Family'),
  algorithmName: code('111001', 'DCM', 'Algorithm Name'),
  algorithmParameters: code('111002', 'DCM', 'Algorithm Parameters'),
  algorithmVersion: code('111003', 'DCM', 'Algorithm Version'),
  algorithmManufacturer: code('122405', 'DCM', 'Algorithm Manufacturer'),

  // Evaluations
  processingSummary: code('111017', 'DCM', 'CAD Processing and Findings Summary'),
  succeededWithFindings: code('111242', 'DCM', 'All algorithms succeeded; with findings'),
  succeededWithoutFindings: code('111241', 'DCM', 'All algorithms succeeded; without findings'),
  comparisonWithPriorDone: code('122140', 'DCM', 'Comparison with Prior Exam Done'),
  yes: code('373066001', 'SCT', 'Yes'),
  no: code('373067005', 'SCT', 'No'),
  comment: code('121106', 'DCM', 'Comment'),
  registrationVerdict: code('registration', '99PRIORA', 'Registration of the prior study'),
  accepted: code('accepted', '99PRIORA', 'Accepted'),
  refused: code('refused', '99PRIORA', 'Refused'),
  detectionConfidence: code('confidence', '99PRIORA', 'Detection confidence'),
  confirmed: code('confirmed', '99PRIORA', 'Confirmed by the high-specificity network'),
  candidate: code('candidate', '99PRIORA', 'Candidate of the high-sensitivity network'),
  changeSincePrior: code('change', '99PRIORA', 'Change since prior study'),
  baseline: code('C1442488', 'UMLS', 'Baseline'),
  new: code('7147002', 'SCT', 'New'),
  grown: code('15454001', 'SCT', 'Increased size'),
  stable: code('58158008', 'SCT', 'Stable'),
  shrunk: code('19776001', 'SCT', 'Decreased size'),
  reappeared: code('reappeared', '99PRIORA', 'Reappeared'),
  unclear: code('unclear', '99PRIORA', 'Unclear whether new'),

  // Units
  cubicMillimetre: code('mm3', 'UCUM', 'cubic millimeter'),
  millimetre: code('mm', 'UCUM', 'millimeter'),
  percent: code('%', 'UCUM', 'percent'),

  // REG: CID 7100
  frameOfReferenceIdentity: code('125021', 'DCM', 'Frame of Reference Identity'),
  imageContentBasedAlignment: code('125024', 'DCM', 'Image Content-based Alignment'),

  // KOS (TID 2010, CID 7010)
  ofInterest: code('113000', 'DCM', 'Of Interest'),
  rejectedForQualityReasons: code('113001', 'DCM', 'Rejected for Quality Reasons'),
  keyObjectDescription: code('113012', 'DCM', 'Key Object Description'),
} as const satisfies Record<string, Code>;
