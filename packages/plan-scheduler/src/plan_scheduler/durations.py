"""Seconds at the surface, whole microseconds inside: what is accepted, and how one becomes the other."""

import math

import numpy as np
from numpy.typing import NDArray

from plan_scheduler.edge_arrays import IntArray

MAX_TOTAL_SECONDS = 4.0e12
"""Largest sum of all costs (about 127,000 years): below it no sum of microseconds overflows 64 bits."""


def to_microseconds(seconds: NDArray[np.float64]) -> IntArray:
    """Give whole microseconds, rounded half to even.

    Parameters
    ----------
    seconds
        float64[n], finite, not negative, with a sum of at most `MAX_TOTAL_SECONDS`.
    """
    return np.rint(seconds * 1e6).astype(np.int64)


def to_seconds(microseconds: IntArray) -> NDArray[np.float64]:
    """Give the nearest float64 of each number of seconds."""
    return microseconds / 1e6


def round_to_microseconds(seconds: float) -> float:
    """Give the nearest multiple of a microsecond, in seconds."""
    return round(seconds * 1e6) / 1e6


def cost_fault(seconds: float) -> str | None:
    """Say what is wrong with a cost, as the end of a sentence; none when nothing is."""
    if math.isnan(seconds):
        return "is not a number"
    if math.isinf(seconds):
        return "is infinite"
    if seconds < 0:
        return f"is negative ({seconds!r} s)"
    if seconds > MAX_TOTAL_SECONDS:
        return f"is {seconds!r} s, more than the {MAX_TOTAL_SECONDS:.0e} s that are counted exactly"
    return None
