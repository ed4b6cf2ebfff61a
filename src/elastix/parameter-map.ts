/** One stage of an elastix registration: parameter name → values, as in elastix's own parameter files. */
export type ParameterMap = Record<string, string[]>;

/** What of a stage is chosen here; everything else is fixed in {@link linearStage} and {@link bsplineStage}. */
export interface StageOptions {
  /** Pyramid levels; each halves the smoothing of the one before, the last one sees the image as it is. */
  resolutions: number;
  /** Iterations a level. */
  iterations: number;
  /** Random samples an iteration. */
  samples: number;
  metric?: 'AdvancedMattesMutualInformation' | 'AdvancedNormalizedCorrelation';
}

const common = ({ resolutions, iterations, samples, metric }: StageOptions): ParameterMap => ({
  Registration: ['MultiResolutionRegistration'],
  FixedInternalImagePixelType: ['float'],
  MovingInternalImagePixelType: ['float'],
  FixedImagePyramid: ['FixedSmoothingImagePyramid'],
  MovingImagePyramid: ['MovingSmoothingImagePyramid'],
  Interpolator: ['LinearInterpolator'],
  // No result image is asked for; the cheapest interpolator keeps the obligatory one cheap.
  ResampleInterpolator: ['FinalNearestNeighborInterpolator'],
  Resampler: ['DefaultResampler'],
  WriteResultImage: ['false'],
  Metric: [metric ?? 'AdvancedMattesMutualInformation'],
  NumberOfHistogramBins: ['32'],
  Optimizer: ['AdaptiveStochasticGradientDescent'],
  // Estimates the step size from a few hundred voxels; the original method takes seconds for a B-spline.
  // (Qiao, van Lew, Lelieveldt, Staring: Fast automatic step size estimation, IEEE TMI 2016.)
  ASGDParameterEstimationMethod: ['DisplacementDistribution'],
  HowToCombineTransforms: ['Compose'],
  AutomaticTransformInitialization: ['false'],
  AutomaticScalesEstimation: ['true'],
  NumberOfResolutions: [String(resolutions)],
  MaximumNumberOfIterations: [String(iterations)],
  ImageSampler: ['RandomCoordinate'],
  NumberOfSpatialSamples: [String(samples)],
  NewSamplesEveryIteration: ['true'],
  // elastix's own default; written here because equal inputs must give equal transforms.
  RandomSeed: ['121212'],
});

/** A rigid (6 parameters) or affine (12) stage. */
export function linearStage(transform: 'rigid' | 'affine', options: StageOptions): ParameterMap {
  return { ...common(options), Transform: [transform === 'rigid' ? 'EulerTransform' : 'AffineTransform'] };
}

/** A cubic B-spline stage with a control point every `gridSpacingMm` at the last level. */
export function bsplineStage(gridSpacingMm: number, options: StageOptions): ParameterMap {
  return {
    ...common(options),
    Transform: ['BSplineTransform'],
    FinalGridSpacingInPhysicalUnits: [String(gridSpacingMm)],
  };
}
