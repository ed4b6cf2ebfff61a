import type { Dataset } from '../../dicom/dataset.js';
import type { Vector3 } from '../../imaging/affine.js';
import { codeItem, type Code } from '../codes.js';
import { decimalString } from '../decimal-string.js';

/** One node of an SR tree (PS3.3 C.17.3). */
export type ContentItem = Dataset;
export type Relationship =
  'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS ACQ CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM' | 'SELECTED FROM';

function item(
  RelationshipType: Relationship,
  ValueType: string,
  concept: Code | undefined,
  value: Dataset,
  children: readonly ContentItem[],
): ContentItem {
  return {
    RelationshipType,
    ValueType,
    ConceptNameCodeSequence: concept && [codeItem(concept)],
    ...value,
    ContentSequence: children.length > 0 ? [...children] : undefined,
  };
}

/** The item every document starts with; it has no relationship. */
export const rootContainer = (title: Code, templateIdentifier: string, children: readonly ContentItem[]): Dataset => ({
  ValueType: 'CONTAINER',
  ConceptNameCodeSequence: [codeItem(title)],
  ContinuityOfContent: 'SEPARATE',
  ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: templateIdentifier }],
  ContentSequence: [...children],
});

/** @param templateIdentifier the template this container is the root of, if any. */
export const container = (concept: Code, children: readonly ContentItem[], templateIdentifier?: string): ContentItem =>
  item(
    'CONTAINS',
    'CONTAINER',
    concept,
    {
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: templateIdentifier && [
        { MappingResource: 'DCMR', TemplateIdentifier: templateIdentifier },
      ],
    },
    children,
  );

export const text = (relationship: Relationship, concept: Code, TextValue: string): ContentItem =>
  item(relationship, 'TEXT', concept, { TextValue }, []);

export const coded = (
  relationship: Relationship,
  concept: Code,
  value: Code,
  children: readonly ContentItem[] = [],
): ContentItem => item(relationship, 'CODE', concept, { ConceptCodeSequence: [codeItem(value)] }, children);

/** @param value a decimal string, at most 16 characters. */
export const numeric = (
  relationship: Relationship,
  concept: Code,
  value: string,
  units: Code,
  children: readonly ContentItem[] = [],
): ContentItem =>
  item(
    relationship,
    'NUM',
    concept,
    { MeasuredValueSequence: [{ NumericValue: value, MeasurementUnitsCodeSequence: [codeItem(units)] }] },
    children,
  );

export const uidReference = (relationship: Relationship, concept: Code, UID: string): ContentItem =>
  item(relationship, 'UIDREF', concept, { UID }, []);

export const dateItem = (relationship: Relationship, concept: Code, Date: string): ContentItem =>
  item(relationship, 'DATE', concept, { Date }, []);

/** @param reference one item of a ReferencedSOPSequence. */
export const image = (relationship: Relationship, concept: Code | undefined, reference: Dataset): ContentItem =>
  item(relationship, 'IMAGE', concept, { ReferencedSOPSequence: [reference] }, []);

/** Any object that is no image: a report, for instance. */
export const composite = (relationship: Relationship, reference: Dataset): ContentItem =>
  item(relationship, 'COMPOSITE', undefined, { ReferencedSOPSequence: [reference] }, []);

/** An open polyline in an image: [column, row] from the outer corner of its first pixel. @param selectedFrom the image. */
export const planarPolyline = (
  relationship: Relationship,
  concept: Code,
  points: readonly (readonly [number, number])[],
  selectedFrom: readonly ContentItem[],
): ContentItem =>
  item(
    relationship,
    'SCOORD',
    concept,
    { GraphicType: 'POLYLINE', GraphicData: points.flat().map((value) => Number(decimalString(value))) },
    selectedFrom,
  );

/** An open polyline in patient space, mm. */
export const spatialPolyline = (
  relationship: Relationship,
  concept: Code,
  points: readonly Vector3[],
  frameOfReferenceUID: string,
): ContentItem =>
  item(
    relationship,
    'SCOORD3D',
    concept,
    {
      GraphicType: 'POLYLINE',
      GraphicData: points.flat().map((value) => Number(decimalString(value))),
      ReferencedFrameOfReferenceUID: frameOfReferenceUID,
    },
    [],
  );
