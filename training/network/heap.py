"""The C library's heap, told to keep what is freed.

A layer's activations are tens of megabytes. glibc returns blocks of that size to the kernel when they are freed and
gets them back, zeroed page by page, for the next layer: more work than the convolutions themselves.
"""

import ctypes

#: mallopt(3): M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX, and their values: one heap that never shrinks and is used for
#: blocks of any size.
OPTIONS = {-1: 2**31 - 1, -4: 0, -8: 1}


def keep_freed_memory() -> None:
    """Call this before the first large tensor. If the C library is not glibc, nothing happens."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for option, value in OPTIONS.items():
            mallopt(option, value)
