"""Edges as arrays: sorted, without duplicates, with the successors of each task in one slice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EdgeArrays:
    """Edges of tasks 0 … count-1 in compressed rows."""

    count: int
    """Tasks."""
    sources: IntArray
    """Source of each edge, ascending."""
    targets: IntArray
    """Target of each edge, ascending within a source."""
    starts: IntArray
    """int64[count + 1]: the edges of task i are those from `starts[i]` to `starts[i + 1]`."""
    duplicates: int
    """Edges that were given more than once and are counted once here."""


def pack_edges(count: int, sources: IntArray, targets: IntArray) -> EdgeArrays:
    """Sort edges by source and target and drop repeated ones.

    Parameters
    ----------
    count
        Tasks; every source and target is from 0 to count - 1.
    sources, targets
        int64[m].
    """
    # One integer per edge: sorting plain integers is several times faster than an indirect sort on two keys.
    shift = max(1, (count - 1).bit_length())
    keys = (sources << shift) | targets
    keys.sort()
    given = len(keys)
    if given:
        keep = np.empty(given, dtype=np.bool_)
        keep[0] = True
        np.not_equal(keys[1:], keys[:-1], out=keep[1:])
        if not keep.all():
            keys = keys[keep]
    packed_sources = keys >> shift
    packed_targets = keys & ((1 << shift) - 1)
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(packed_sources, minlength=count), out=starts[1:])
    return EdgeArrays(
        count=count,
        sources=packed_sources,
        targets=packed_targets,
        starts=starts,
        duplicates=given - len(keys),
    )


def gather_rows(starts: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Give the edge positions of many rows, row after row, and the number of edges of each.

    Parameters
    ----------
    starts
        Row starts as in `EdgeArrays`.
    rows
        Tasks, in the wanted order.
    """
    first = starts[rows]
    degrees = starts[rows + 1] - first
    ends = np.cumsum(degrees)
    total = int(ends[-1]) if len(ends) else 0
    positions = np.repeat(first - (ends - degrees), degrees)
    positions += np.arange(total, dtype=np.int64)
    return positions, degrees
