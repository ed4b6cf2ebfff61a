// ITK's own N4, set up as 3D Slicer's "N4ITK MRI Bias correction" with its defaults.
// n4 IN.raw OUT.raw nx ny nz sx sy sz : float32, i fastest; prints nothing, writes the corrected image.
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "itkBSplineControlPointImageFilter.h"
#include "itkImage.h"
#include "itkN4BiasFieldCorrectionImageFilter.h"
#include "itkOtsuThresholdImageFilter.h"
#include "itkShrinkImageFilter.h"

using Image = itk::Image<float, 3>;
using Mask = itk::Image<unsigned char, 3>;

int main(int, char ** argument)
{
  auto image = Image::New();
  Image::SizeType size;
  Image::SpacingType spacing;
  size_t count = 1;
  for (int axis = 0; axis < 3; axis++) {
    size[axis] = std::atoi(argument[3 + axis]);
    spacing[axis] = std::atof(argument[6 + axis]);
    count *= size[axis];
  }
  image->SetRegions(size);
  image->SetSpacing(spacing);
  image->Allocate();
  FILE * in = std::fopen(argument[1], "rb");
  if (!in || std::fread(image->GetBufferPointer(), 4, count, in) != count) return 1;
  std::fclose(in);

  auto otsu = itk::OtsuThresholdImageFilter<Image, Mask>::New();
  otsu->SetInput(image);
  otsu->SetNumberOfHistogramBins(200);
  otsu->SetInsideValue(0);
  otsu->SetOutsideValue(1);
  otsu->Update();
  auto shrink = itk::ShrinkImageFilter<Image, Image>::New();
  shrink->SetInput(image);
  shrink->SetShrinkFactors(4);
  shrink->Update();
  auto shrinkMask = itk::ShrinkImageFilter<Mask, Mask>::New();
  shrinkMask->SetInput(otsu->GetOutput());
  shrinkMask->SetShrinkFactors(4);
  shrinkMask->Update();

  using N4 = itk::N4BiasFieldCorrectionImageFilter<Image, Mask, Image>;
  auto n4 = N4::New();
  n4->SetInput(shrink->GetOutput());
  n4->SetMaskImage(shrinkMask->GetOutput());
  N4::VariableSizeArrayType iterations(3);
  iterations[0] = 50;
  iterations[1] = 40;
  iterations[2] = 30;
  n4->SetMaximumNumberOfIterations(iterations);
  n4->SetNumberOfFittingLevels(3);
  n4->SetConvergenceThreshold(1e-4);
  n4->SetSplineOrder(3);
  n4->SetNumberOfControlPoints(4); // a mesh of 1 × 1 × 1
  n4->SetBiasFieldFullWidthAtHalfMaximum(0.15);
  n4->SetWienerFilterNoise(0.01);
  n4->SetNumberOfHistogramBins(200);
  n4->Update();

  using Spline = itk::BSplineControlPointImageFilter<N4::BiasFieldControlPointLatticeType, N4::ScalarImageType>;
  auto spline = Spline::New();
  spline->SetInput(n4->GetLogBiasFieldControlPointLattice());
  spline->SetSplineOrder(3);
  spline->SetSize(size);
  spline->SetOrigin(image->GetOrigin());
  spline->SetDirection(image->GetDirection());
  spline->SetSpacing(spacing);
  spline->Update();
  const auto * field = spline->GetOutput()->GetBufferPointer();
  std::vector<float> corrected(count);
  for (size_t index = 0; index < count; index++)
    corrected[index] = image->GetBufferPointer()[index] / std::exp(field[index][0]);
  FILE * out = std::fopen(argument[2], "wb");
  if (!out || std::fwrite(corrected.data(), 4, count, out) != count) return 1;
  return std::fclose(out);
}
