"""Which segments a training sees, and how they are changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplingConfig:
    """The part of a run's options that says what its batches hold."""

    # Segments
    #: Output edge, voxels (19: 37 voxels in).
    segment: int = 19
    batch: int = 10
    #: Share of segments centred on a metastasis.
    tumour_fraction: float = 0.5
    #: "voxel" as the authors do, or "lesion": every metastasis equally often, whatever its size.
    sample_by: str = "voxel"
    #: Metastases of fewer voxels are no centres of segments: where nobody can see them, losses that count detections
    #: call every spot of noise one.
    smallest_tumour: int = 1
    #: Of the segments not centred on a metastasis: share centred on bright voxels.
    bright_fraction: float = 0.0
    #: Of the same: share drawn again from those that the network last mistook for a metastasis.
    replay_fraction: float = 0.0
    #: How many of these are remembered.
    replay_capacity: int = 300

    # Augmentation: intensities in standard deviations of the brain
    scale_deviation: float = 0.01
    shift_deviation: float = 0.05
    #: Of the logarithm of the contrast's exponent.
    gamma_deviation: float = 0.0
    #: Relative change of intensity over 100 voxels, along each axis.
    bias_deviation: float = 0.0

    # Augmentation: geometry
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
