"""Prints, as JSON, what pydicom alone makes of result objects, for comparison with what was meant to be written.

    read_result_objects.py FOLDER CASE...

reads FOLDER/CASE.KIND.dcm and FOLDER/CASE.source-*.dcm. Voxels are indices i + columns * (j + rows * k) on the grid of the sources,
whose slices are ordered along their normal. Contours are filled by the even-odd rule at the centres of pixels.
"""

import glob
import json
import os
import sys

import numpy
import pydicom


def numbers(values):
    return numpy.array([float(value) for value in values])


class Source:
    """Geometry of the source images: origin of each slice by (instance, frame), directions, spacing."""

    def __init__(self, paths):
        planes = []
        for path in paths:
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            self.study, self.frame_of_reference = ds.StudyInstanceUID, ds.FrameOfReferenceUID
            if 'PerFrameFunctionalGroupsSequence' in ds:
                shared = ds.SharedFunctionalGroupsSequence[0]
                orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
                spacing = shared.PixelMeasuresSequence[0].PixelSpacing
                for index, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
                    planes.append((frame.PlanePositionSequence[0].ImagePositionPatient, (ds.SOPInstanceUID, index + 1)))
            else:
                orientation, spacing = ds.ImageOrientationPatient, ds.PixelSpacing
                planes.append((ds.ImagePositionPatient, (ds.SOPInstanceUID, None)))
            self.columns, self.rows = ds.Columns, ds.Rows
        orientation = numbers(orientation)
        self.x, self.y = orientation[:3], orientation[3:]
        self.normal = numpy.cross(self.x, self.y)
        self.row_mm, self.column_mm = numbers(spacing)
        # In the order of the files, as the writer counts slices.
        self.origins = [numbers(position) for position, _ in planes]
        self.keys = [key for _, key in planes]
        self.slice_mm = abs((self.origins[1] - self.origins[0]) @ self.normal)

    def slice_of(self, reference):
        frame = reference.get('ReferencedFrameNumber')
        return self.keys.index((reference.ReferencedSOPInstanceUID, None if frame is None else int(frame)))


def read_structure_set(ds, source):
    rois = []
    images = ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    for roi, contours, observation in zip(ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence):
        volume, voxels, off_plane = 0.0, [], 0.0
        for contour in contours.ContourSequence:
            points = numbers(contour.ContourData).reshape(-1, 3)
            k = source.slice_of(contour.ContourImageSequence[0])
            local = points - source.origins[k]
            off_plane = max(off_plane, float(numpy.abs(local @ source.normal).max()))
            u, v = local @ source.x / source.column_mm, local @ source.y / source.row_mm
            volume += abs(numpy.sum(u * numpy.roll(v, -1) - numpy.roll(u, -1) * v)) / 2
            i, j = numpy.meshgrid(
                numpy.arange(int(u.min()) - 1, int(u.max()) + 2), numpy.arange(int(v.min()) - 1, int(v.max()) + 2)
            )
            crossings = numpy.zeros(i.shape, int)
            for (u0, v0), (u1, v1) in zip(zip(u, v), zip(numpy.roll(u, -1), numpy.roll(v, -1))):
                if abs(v1 - v0) < 1e-9:
                    continue
                at = u0 + (j - v0) / (v1 - v0) * (u1 - u0)
                crossings += ((v0 > j) != (v1 > j)) & (at > i)
            inside = crossings % 2 == 1
            voxels += (i[inside] + source.columns * (j[inside] + source.rows * k)).tolist()
        rois.append({
            'name': roi.ROIName, 'description': roi.ROIDescription, 'algorithm': roi.ROIGenerationAlgorithm,
            'frameOfReference': roi.ReferencedFrameOfReferenceUID, 'colour': [int(c) for c in contours.ROIDisplayColor],
            'type': observation.RTROIInterpretedType, 'code': observation.RTROIIdentificationCodeSequence[0].CodeValue,
            'types': sorted({contour.ContourGeometricType for contour in contours.ContourSequence}),
            'volumeMm3': volume * source.column_mm * source.row_mm * source.slice_mm,
            'statedMm3': float(roi.ROIVolume) * 1000, 'offPlaneMm': off_plane, 'voxels': sorted(voxels),
        })
    named = [
        [image.ReferencedSOPInstanceUID, int(frame)]
        for image in images.ContourImageSequence
        for frame in numpy.atleast_1d(image.get('ReferencedFrameNumber', 0))
    ]
    return {'rois': rois, 'images': named, 'study': ds.StudyInstanceUID}


def read_label_map(ds, source):
    pixels = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
    voxels = {}
    for image, frame in zip(pixels, ds.PerFrameFunctionalGroupsSequence):
        k = source.slice_of(frame.DerivationImageSequence[0].SourceImageSequence[0])
        assert numpy.allclose(numbers(frame.PlanePositionSequence[0].ImagePositionPatient), source.origins[k], atol=1e-4)
        assert 'SegmentIdentificationSequence' not in frame
        for number in numpy.unique(image[image != ds.PixelPaddingValue]):
            j, i = numpy.nonzero(image == number)
            voxels.setdefault(int(number), []).extend((i + source.columns * (j + source.rows * k)).tolist())
    return {
        'class': ds.SOPClassUID, 'type': ds.SegmentationType, 'overlap': ds.SegmentsOverlap, 'bits': ds.BitsAllocated,
        'voxels': [sorted(voxels[number]) for number in sorted(voxels)],
        'segments': [
            [s.SegmentNumber, s.SegmentLabel, s.get('TrackingUID'), s.SegmentedPropertyTypeCodeSequence[0].CodeValue]
            for s in ds.SegmentSequence
        ],
    }


def read_registration(ds):
    return {
        'frameOfReference': ds.FrameOfReferenceUID,
        'registrations': [
            {
                'frameOfReference': item.FrameOfReferenceUID,
                'images': [image.ReferencedSOPInstanceUID for image in item.ReferencedImageSequence],
                'type': item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrixType,
                # PS3.3 C.20.2.1.1: registered = matrix · source, row by row.
                'mapped': (
                    numbers(item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix)
                    .reshape(4, 4)
                    @ numpy.array([[0, 0, 0, 1], [100, 0, 0, 1], [0, 100, 0, 1], [0, 0, 100, 1]]).T
                ).T[:, :3].tolist(),
            }
            for item in ds.RegistrationSequence
        ],
    }


def read_document(ds):
    items = [item for item in ds.ContentSequence]
    return {
        'title': ds.ConceptNameCodeSequence[0].CodeValue,
        'text': ' '.join(item.TextValue for item in items if item.ValueType == 'TEXT'),
        'images': [
            [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID, item.ReferencedSOPSequence[0].get('ReferencedFrameNumber')]
            for item in items
            if item.ValueType in ('IMAGE', 'COMPOSITE')
        ],
    }


def natural(path):
    return int(path.rsplit('-', 1)[1].split('.')[0])


def read_case(folder, name):
    source = Source(sorted(glob.glob(os.path.join(folder, glob.escape(name) + '.source-*.dcm')), key=natural))
    readers = {
        'RTSTRUCT': lambda ds: read_structure_set(ds, source),
        'LABELMAP': lambda ds: read_label_map(ds, source),
        'REG': read_registration,
        'KOS': read_document,
        'RejectionNote': read_document,
    }
    result = {}
    for kind, reader in readers.items():
        path = os.path.join(folder, '%s.%s.dcm' % (name, kind))
        if os.path.exists(path):
            result[kind] = reader(pydicom.dcmread(path))
    return result


print(json.dumps({name: read_case(sys.argv[1], name) for name in sys.argv[2:]}))
