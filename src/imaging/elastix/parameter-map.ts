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
  // No result image is asked for; order 0 keeps the obligatory one cheap.
  ResampleInterpolator: ['FinalBSplineInterpolator'],
  FinalBSplineInterpolationOrder: ['0'],
  Resampler: ['DefaultResampler'],
  WriteResultImage: ['false'],
  Metric: [metric ?? 'AdvancedMattesMutualInformation'],
  NumberOfHistogramBins: ['32'],
  Optimizer: ['AdaptiveStochasticGradientDescent'],
  // A tenth of the default: enough for the step size, and a good part of the time of short registrations.
  NumberOfSamplesForExactGradient: ['10000'],
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
    // The default method takes most of a B-spline's time here. Not for linear stages: started close to the optimum, where
    // the gradient is small, this one takes far too long steps and leaves it again.
    // (Qiao, van Lew, Lelieveldt, Staring: Fast automatic step size estimation for gradient descent, IEEE TMI 2016.)
    ASGDParameterEstimationMethod: ['DisplacementDistribution'],
    FinalGridSpacingInPhysicalUnits: [String(gridSpacingMm)],
  };
}
