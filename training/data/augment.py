"""Random changes of a segment that a scanner, or chance, could have made."""

import numpy as np

from training.data.sampling import SamplingConfig


def augmented(values: list, factors: list, size: int, rng: np.random.Generator, config: SamplingConfig) -> list:
    """Change the intensities of one scan alike in all its resolutions: scale, shift, contrast (gamma) and a linear
    bias.

    Zeros stay: the background that masking to the brain leaves (with z-score-whole it is not zero, and changes along).
    """
    scale = rng.normal(1, config.scale_deviation)
    shift = rng.normal(0, config.shift_deviation)
    gamma = np.exp(rng.normal(0, config.gamma_deviation))
    slope = rng.normal(0, config.bias_deviation, 3) / 100  # per voxel
    result = []
    for x, factor in zip(values, factors):
        field = np.float32(scale)
        for axis, s in enumerate(slope):
            shape = [1, 1, 1]
            shape[axis] = -1
            ramp = np.arange(x.shape[axis]) * factor - (x.shape[axis] - 1) * factor / 2
            field = field + (s * ramp).astype(np.float32).reshape(shape)
        bent = np.sign(x) * np.abs(x / 3) ** gamma * 3 if config.gamma_deviation > 0 else x
        result.append(np.where(x != 0, bent * field + np.float32(shift), 0).astype(np.float32))
    return result


def quarter_turn(rng: np.random.Generator, config: SamplingConfig):
    """The two axes of a rotation by 90 degrees, in the order that gives its direction, or None; segments are cubes, so
    nothing is interpolated.
    """
    if config.turn_probability and rng.random() < config.turn_probability:
        return tuple(int(axis) for axis in rng.permutation(3)[:2])
    return None
