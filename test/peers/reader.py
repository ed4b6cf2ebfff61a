"""A reader's workstation: edits one SEG (pydicom) or one SR as XML (between dsr2xml and xml2dsr) in several ways, each under UIDs of its own.

    reader.py seg IN.dcm FOLDER '{"name": edits, …}'     writes FOLDER/name.dcm, prints {"name": SOPInstanceUID, …}
    reader.py sr IN.xml FOLDER '{"name": edits, …}'      writes FOLDER/name.xml, prints the same
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from copy import deepcopy

import numpy
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixel_data_handlers.numpy_handler import pack_bits
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid


def forget_tracking(segment: Dataset) -> None:
    for keyword in ("TrackingID", "TrackingUID"):
        if keyword in segment:
            delattr(segment, keyword)


def edit_seg(source: str, target: str, edits: dict) -> str:
    """Edits: delete [segments], erase [segments], grow [segments], draw {frame, rows, columns, slices}, algorithm {segment: type},
    tracking {segment: UID or null}, property (code value, meaning), reverse, labelmap, shift (mm), frameOfReference."""
    dataset = pydicom.dcmread(source)
    bits = dataset.pixel_array
    items = list(dataset.PerFrameFunctionalGroupsSequence)
    of = [item.SegmentIdentificationSequence[0].ReferencedSegmentNumber for item in items]
    frames = [(of[n], items[n], bits[n].copy()) for n in range(len(items))]

    for segment, _, mask in frames:
        if segment in edits.get("grow", []):
            mask[:, 1:] |= mask[:, :-1].copy()
    if "draw" in edits:
        drawn = deepcopy(dataset.SegmentSequence[0])
        drawn.SegmentNumber = max(s.SegmentNumber for s in dataset.SegmentSequence) + 1
        drawn.SegmentLabel, drawn.SegmentAlgorithmType = "drawn", "MANUAL"
        forget_tracking(drawn)
        dataset.SegmentSequence.append(drawn)
        first_segment = frames[0][0]
        for _, item, mask in [frame for frame in frames if frame[0] == first_segment][: edits["draw"]["slices"]]:
            copy = deepcopy(item)
            copy.SegmentIdentificationSequence[0].ReferencedSegmentNumber = drawn.SegmentNumber
            painted = numpy.zeros_like(mask)
            (top, bottom), (left, right) = edits["draw"]["rows"], edits["draw"]["columns"]
            painted[top:bottom, left:right] = 1
            frames.append((drawn.SegmentNumber, copy, painted))
    gone = edits.get("delete", []) + edits.get("erase", [])
    frames = [frame for frame in frames if frame[0] not in gone]
    dataset.SegmentSequence = Sequence(s for s in dataset.SegmentSequence if s.SegmentNumber not in edits.get("delete", []))
    for segment in dataset.SegmentSequence:
        number = str(segment.SegmentNumber)
        if number in edits.get("algorithm", {}):
            segment.SegmentAlgorithmType = edits["algorithm"][number]
        if number in edits.get("tracking", {}):
            forget_tracking(segment)
            if edits["tracking"][number]:
                segment.TrackingID, segment.TrackingUID = "theirs", edits["tracking"][number]
        if "property" in edits:
            code = segment.SegmentedPropertyTypeCodeSequence[0]
            code.CodeValue, code.CodeMeaning = edits["property"]
    for _, item, _ in frames:
        position = item.PlanePositionSequence[0].ImagePositionPatient
        position[0] = float(position[0]) + edits.get("shift", 0)
    if edits.get("frameOfReference"):
        dataset.FrameOfReferenceUID = edits["frameOfReference"]
    if edits.get("reverse"):
        frames.reverse()

    if edits.get("labelmap"):
        planes: dict = {}
        for segment, item, mask in frames:
            key = tuple(item.PlanePositionSequence[0].ImagePositionPatient)
            if key not in planes:
                copy = deepcopy(item)
                del copy.SegmentIdentificationSequence
                planes[key] = (copy, numpy.zeros(mask.shape, numpy.uint8))
            planes[key][1][mask > 0] = segment
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
        dataset.SegmentationType = "LABELMAP"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PerFrameFunctionalGroupsSequence = Sequence(item for item, _ in planes.values())
        pixels = b"".join(labels.tobytes() for _, labels in planes.values())
        dataset.NumberOfFrames = len(planes)
    else:
        dataset.PerFrameFunctionalGroupsSequence = Sequence(item for _, item, _ in frames)
        dataset.NumberOfFrames = len(frames)
        pixels = pack_bits(numpy.stack([mask for _, _, mask in frames]).astype(numpy.uint8))
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset.ContentCreatorName = "Reader^Rita"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.save_as(target)
    return dataset.SOPInstanceUID


def edit_sr(source: str, target: str, edits: dict) -> str:
    """Edits: observer (family name; without it the device stays alone), delete [tracking UIDs], confidence {UID: code value},
    longAxis {UID: mm}."""
    tree = ElementTree.parse(source)
    report = tree.getroot()
    concept = lambda item: item.findtext("concept/value")
    root = report.find(".//content/container")
    if edits.get("observer"):
        def code_item(value: str, meaning: str) -> ElementTree.Element:
            return ElementTree.fromstring(
                "<code><relationship>HAS OBS CONTEXT</relationship><concept><value>121005</value><scheme><designator>DCM"
                "</designator></scheme><meaning>Observer Type</meaning></concept>"
                f"<value>{value}</value><scheme><designator>DCM</designator></scheme><meaning>{meaning}</meaning></code>"
            )
        name = ElementTree.fromstring(
            "<pname><relationship>HAS OBS CONTEXT</relationship><concept><value>121008</value><scheme><designator>DCM"
            "</designator></scheme><meaning>Person Observer Name</meaning></concept>"
            f"<value><last>{edits['observer']}</last></value></pname>"
        )
        at = [concept(item) for item in root].index("121058")
        root[at:at] = [code_item("121006", "Person"), name]
    for container in report.iter("container"):
        for group in [item for item in container if concept(item) == "125007"]:
            uid = next(item.findtext("value") for item in group if concept(item) == "112040")
            if uid in edits.get("delete", []):
                container.remove(group)
                continue
            for item in group:
                if concept(item) == "confidence" and uid in edits.get("confidence", {}):
                    item.find("value").text = edits["confidence"][uid]
                if concept(item) == "103339001" and uid in edits.get("longAxis", {}):
                    item.find("value").text = str(edits["longAxis"][uid])
    instance = report.find("instance")
    instance.set("uid", generate_uid())
    report.find("series").set("uid", generate_uid())
    tree.write(target, encoding="UTF-8", xml_declaration=True)
    return instance.get("uid")


if __name__ == "__main__":
    what, source, folder, tasks = sys.argv[1:]
    edit, suffix = (edit_seg, "dcm") if what == "seg" else (edit_sr, "xml")
    done = {name: edit(source, f"{folder}/{name}.{suffix}", edits) for name, edits in json.loads(tasks).items()}
    print(json.dumps(done))
