"""Which segments a training sees, and how they are changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplingConfig:
    """The part of a run's options that says what its batches hold."""

    # Segments
    #: Output edge, voxels (19: 37 voxels in). The halo's share of the work falls from 7/8 at 19 to half at 60.
    segment: int = 19
    batch: int = 10
    #: How many segments are cut from a time point before another takes its place; each batch holds `batch` time points.
    segments_per_visit: int = 20
    #: Synthetic patients (never others) are removed from disk after as many visits, so that a stream of new ones
    #: (`priora phantom --ahead`) goes on and none is seen often; 0: never. What such a run sees depends on its pace.
    visits_of_a_patient: int = 0
    #: Share of segments centred on a metastasis, where the time point has one.
    tumour_fraction: float = 0.5
    #: "voxel" as the authors do, or "lesion": every metastasis equally often, whatever its size.
    sample_by: str = "voxel"
    #: Metastases of fewer voxels are no centres of segments, and sub-volumes with fewer count neither as positive nor
    #: as negative: where nobody can see them, losses that count detections call every spot of noise one.
    smallest_tumour: int = 1
    #: Of the segments not centred on a metastasis: share centred on bright voxels.
    bright_fraction: float = 0.0
    #: Of the same: share centred where the network last mistook something of this time point for a metastasis.
    mistake_fraction: float = 0.0
    #: How many mistakes are remembered.
    mistake_capacity: int = 300

    # Changes of a scan as a whole, current and prior each by itself
    #: Degrees about each axis, and relative size along each; both scans alike.
    rotation_deviation: float = 0.0
    zoom_deviation: float = 0.0
    #: The prior's further displacement along each axis, voxels: what a registration leaves.
    prior_drift: float = 0.0
    #: Probability that a scan is seen through thick slices along one axis, and the thickest, voxels.
    thick_probability: float = 0.0
    thickest: float = 4.0
    #: Widest point spread (standard deviation, voxels) within the slices.
    widest_spread: float = 0.0
    #: Strongest noise, in standard deviations of the brain.
    strongest_noise: float = 0.0

    # Changes of a segment's intensities, in standard deviations of the brain
    scale_deviation: float = 0.01
    shift_deviation: float = 0.05
    #: Of the logarithm of the contrast's exponent.
    gamma_deviation: float = 0.0
    #: Relative change of intensity over 100 voxels, along each axis.
    bias_deviation: float = 0.0

    # Changes of a segment's geometry
    #: Probability of mirroring each axis [k, j, i].
    flip_probability: tuple[float, ...] = (0.0, 0.0, 0.5)
    #: Probability of a quarter turn about an axis drawn by lot.
    turn_probability: float = 0.0
    #: Probability of moving the prior by up to a voxel.
    prior_shift: float = 0.0
    #: Probability of leaving the prior out.
    prior_dropout: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "flip_probability", tuple(self.flip_probability))
