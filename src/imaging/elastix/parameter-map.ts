/** One stage of an elastix registration: parameter name → values, as in elastix's own parameter files. */
export type ParameterMap = Record<string, string[]>;

/** The choices for a stage; everything else is fixed in {@link linearStage} and {@link bsplineStage}. */
export interface StageOptions {
  /** Pyramid levels; each halves the smoothing of the one before, and the last one sees the image as it is. */
  resolutions: number;
  /** Iterations per level. */
  iterations: number;
  /** Random samples per iteration. */
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
  // No result image is needed; order 0 keeps the obligatory one cheap.
  ResampleInterpolator: ['FinalBSplineInterpolator'],
  FinalBSplineInterpolationOrder: ['0'],
  Resampler: ['DefaultResampler'],
  WriteResultImage: ['false'],
  Metric: [metric ?? 'AdvancedMattesMutualInformation'],
  NumberOfHistogramBins: ['32'],
  Optimizer: ['AdaptiveStochasticGradientDescent'],
  // A tenth of the default: enough for the step size, and it saves much of the time of short registrations.
  NumberOfSamplesForExactGradient: ['10000'],
  HowToCombineTransforms: ['Compose'],
  AutomaticTransformInitialization: ['false'],
  AutomaticScalesEstimation: ['true'],
  NumberOfResolutions: [String(resolutions)],
  MaximumNumberOfIterations: [String(iterations)],
  ImageSampler: ['RandomCoordinate'],
  NumberOfSpatialSamples: [String(samples)],
  NewSamplesEveryIteration: ['true'],
  // elastix's own default, written here because equal inputs must give equal transforms.
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
    // The default method takes most of a B-spline's time here. Not for linear stages: started close to the optimum,
    // where the gradient is small, this method takes steps that are far too long and leaves it again. (Qiao, van Lew,
    // Lelieveldt, Staring: Fast automatic step size estimation for gradient descent, IEEE TMI 2016.)
    ASGDParameterEstimationMethod: ['DisplacementDistribution'],
    FinalGridSpacingInPhysicalUnits: [String(gridSpacingMm)],
  };
}
