"""Prints the lesions of measurement reports (TID 1500), as any program can read them: python3 read_report.py REPORT.dcm ..."""

import sys

import pydicom

# Concepts by code, not by meaning: meanings are in the language of the report.
MEASUREMENT_GROUP = "125007"
TRACKING_IDENTIFIER = "112039"


def concept(item):
    return item.ConceptNameCodeSequence[0]


def value(item):
    """A content item's value in words; None for one that has no text of its own (images, coordinates, containers)."""
    if item.ValueType == "NUM":
        measured = item.MeasuredValueSequence[0]
        return f"{measured.NumericValue} {measured.MeasurementUnitsCodeSequence[0].CodeValue}"
    if item.ValueType == "CODE":
        return item.ConceptCodeSequence[0].CodeMeaning
    return item.get("TextValue") or item.get("UID")


def groups(item):
    """Every measurement group below a content item."""
    for child in item.get("ContentSequence", []):
        if child.ValueType == "CONTAINER" and concept(child).CodeValue == MEASUREMENT_GROUP:
            yield child
        else:
            yield from groups(child)


def print_report(path):
    report = pydicom.dcmread(path)
    lesions = list(groups(report))
    print(f"{report.PatientID}, study of {report.StudyDate}: {len(lesions)} lesions")
    for lesion in lesions:
        name = next(value(item) for item in lesion.ContentSequence if concept(item).CodeValue == TRACKING_IDENTIFIER)
        print(f"  {name}")
        for item in lesion.ContentSequence:
            if value(item) and item.ValueType in ("NUM", "CODE"):
                print(f"    {concept(item).CodeMeaning}: {value(item)}")


for file in sys.argv[1:]:
    print_report(file)
