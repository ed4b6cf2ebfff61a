"""Draws metastases as another system would: a SEG and an RTSTRUCT, written by pydicom from a volume of numbers.

draw_metastases.py KIND SERIES LABELS OUT: the series' folder, a raw uint8 volume in order of rising position along the
normal (i fastest), and the file to write. SEG: one segment for all metastases; RTSTRUCT: one region each, and a brain.
"""

import sys
from pathlib import Path

import numpy as np
import pydicom
from contourpy import contour_generator
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

kind, series, labels, out = sys.argv[1:]
slices = [pydicom.dcmread(path, stop_before_pixels=True) for path in Path(series).rglob("*.dcm")]
x, y = np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
slices.sort(key=lambda s: np.dot(np.array(s.ImagePositionPatient, float), np.cross(x, y)))
first = slices[0]
volume = np.fromfile(labels, np.uint8).reshape(len(slices), first.Rows, first.Columns)


def item(**values):
    ds = Dataset()
    for key, value in values.items():
        setattr(ds, key, value)
    return ds


common = {k: first.get(k) for k in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate", "StudyTime")}
ds = item(**common, SOPInstanceUID=generate_uid(), SeriesInstanceUID=generate_uid(), Modality=kind)
reference = item(SeriesInstanceUID=first.SeriesInstanceUID)
if kind == "SEG":
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    ds.SegmentationType, ds.Rows, ds.Columns = "BINARY", first.Rows, first.Columns
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    ds.ReferencedSeriesSequence = Sequence([reference])
    ds.SegmentSequence = Sequence([item(SegmentNumber=1, SegmentLabel="Brain metastases"), item(SegmentNumber=2, SegmentLabel="Oedema")])
    measures = item(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)
    plane = item(ImageOrientationPatient=first.ImageOrientationPatient)
    ds.SharedFunctionalGroupsSequence = Sequence([item(PixelMeasuresSequence=Sequence([measures]), PlaneOrientationSequence=Sequence([plane]))])
    frames = [(1, k) for k in range(len(slices)) if volume[k].any()] + [(2, len(slices) // 2)]
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        item(PlanePositionSequence=Sequence([item(ImagePositionPatient=slices[k].ImagePositionPatient)]),
             SegmentIdentificationSequence=Sequence([item(ReferencedSegmentNumber=number)])) for number, k in frames)
    ds.NumberOfFrames = len(frames)
    bits = np.concatenate([(volume[k] > 0 if number == 1 else volume[k] >= 0).reshape(-1) for number, k in frames])
    packed = np.packbits(bits, bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
else:
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    ds.ReferencedFrameOfReferenceSequence = Sequence([item(FrameOfReferenceUID=first.FrameOfReferenceUID, RTReferencedStudySequence=Sequence(
        [item(RTReferencedSeriesSequence=Sequence([reference]))]))])
    row_mm, column_mm = (float(v) for v in first.PixelSpacing)
    regions, names = [], []
    for number in [n for n in np.unique(volume) if n > 0] + [255]:
        contours = []
        for k, image in enumerate(slices):
            mask = volume[k] == number if number != 255 else np.pad(np.ones((20, 20)), ((30, first.Rows - 50), (30, first.Columns - 50))) * (k == 40)
            for line in contour_generator(z=mask.astype(float)).lines(0.5):
                points = np.array(image.ImagePositionPatient, float) + line[:-1, :1] * column_mm * x + line[:-1, 1:] * row_mm * y
                contours.append(item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=len(points),
                                     ContourData=[f"{v:.3f}" for v in points.reshape(-1)]))
        regions.append(item(ReferencedROINumber=int(number), ContourSequence=Sequence(contours)))
        names.append(item(ROINumber=int(number), ROIName=f"GTV_{number}" if number != 255 else "Brainstem"))
    ds.ROIContourSequence, ds.StructureSetROISequence = Sequence(regions), Sequence(names)
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.is_little_endian, ds.is_implicit_VR = True, False
ds.save_as(out, write_like_original=False)
