// Prints what DCMTK's dcmseg reads from segmentations, for comparison with what was meant to be written.
//   g++ -std=c++17 read-segmentation.cpp -ldcmseg -ldcmfg -ldcmiod -ldcmdata -loflog -lofstd
//   read-segmentation FILE...
// One line a file, `file ROWS COLUMNS`; one a segment, `segment NUMBER TRACKING-UID LABEL`; one a frame,
// `frame SEGMENT X Y Z : PIXEL PIXEL ...` with the frame's position and the indices of its set pixels.
#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmfg/fgplanpo.h"
#include "dcmtk/dcmfg/fgseg.h"
#include "dcmtk/dcmseg/segdoc.h"
#include "dcmtk/dcmseg/segment.h"
#include "dcmtk/dcmseg/segutils.h"
#include <cstdio>

static int print(const char* path) {
  DcmFileFormat file;
  Uint16 rows = 0, columns = 0;
  DcmSegmentation* read = NULL;
  if (file.loadFile(path).bad() || file.getDataset()->findAndGetUint16(DCM_Rows, rows).bad() ||
      file.getDataset()->findAndGetUint16(DCM_Columns, columns).bad() ||
      DcmSegmentation::loadDataset(*file.getDataset(), read).bad())
    return 1;
  OFunique_ptr<DcmSegmentation> segmentation(read);
  std::printf("file %u %u\n", rows, columns);
  for (size_t number = 1; number <= segmentation->getNumberOfSegments(); number++) {
    OFString label, tracking;
    DcmSegment* segment = segmentation->getSegment(OFstatic_cast(Uint16, number));
    segment->getSegmentLabel(label);
    segment->getTrackingUID(tracking);
    std::printf("segment %zu %s %s\n", number, tracking.c_str(), label.c_str());
  }
  for (size_t index = 0; index < segmentation->getNumberOfFrames(); index++) {
    OFBool shared = OFFalse;
    FGPlanePosPatient* position = OFstatic_cast(FGPlanePosPatient*,
      segmentation->getFunctionalGroups().get(OFstatic_cast(Uint32, index), DcmFGTypes::EFG_PLANEPOSPATIENT, shared));
    FGSegmentation* group = OFstatic_cast(FGSegmentation*,
      segmentation->getFunctionalGroups().get(OFstatic_cast(Uint32, index), DcmFGTypes::EFG_SEGMENTATION, shared));
    if (position == NULL || group == NULL) return 1;
    Float64 x = 0, y = 0, z = 0;
    Uint16 number = 0;
    position->getImagePositionPatient(x, y, z);
    group->getReferencedSegmentNumber(number);
    OFunique_ptr<DcmIODTypes::Frame> frame(
      DcmSegUtils::unpackBinaryFrame(segmentation->getFrame(index), rows, columns));
    std::printf("frame %u %.9g %.9g %.9g :", number, x, y, z);
    for (size_t pixel = 0; pixel < frame->length; pixel++)
      if (frame->pixData[pixel] != 0) std::printf(" %zu", pixel);
    std::printf("\n");
  }
  return 0;
}

int main(int count, char** paths) {
  for (int index = 1; index < count; index++)
    if (print(paths[index]) != 0) {
      std::fprintf(stderr, "%s cannot be read\n", paths[index]);
      return 1;
    }
  return 0;
}
