"""Exact transitive reduction that never holds a transitive closure."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from plan_scheduler.edge_arrays import EdgeArrays, IntArray
from plan_scheduler.levels import ForwardSweep

WORK_BOUND = 3_000_000_000
"""Largest estimated work, in 64-bit words, that is done; about ten seconds. Above it the reduction is skipped.

Layered graphs need no work at any size; any graph of 100,000 tasks with 2.5 edges each stays below.
"""

BAND = 8192
"""Sources whose reach is followed at once, as one bit each; what is held is one band, never a closure."""

_STEP_WORDS = 60
"""Words that could be combined in the time that one edge costs whatever its width."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """Which edges the transitive reduction keeps."""

    kept: NDArray[np.bool_] | None
    """bool[m] in the order of `EdgeArrays`; none when it was skipped."""
    skipped: str | None
    """Why it was skipped."""


def reduce_transitively(
    graph: EdgeArrays, forward: ForwardSweep, *, work_bound: int = WORK_BOUND, band: int = BAND
) -> Reduction:
    """Find the edges that no longer path stands in for.

    Parameters
    ----------
    graph
        Acyclic edges.
    forward
        The forward sweep over the same graph.
    work_bound
        Work above which the reduction is skipped; the estimate depends on the graph alone, never on time.
    band
        Sources that are followed at once; it changes time and memory, not the result.

    Notes
    -----
    Only an edge that skips a generation, from a task with further consumers to a task with further inputs, can be
    redundant. For such edges, sources are taken in bands in topological order. Within a band, a Python integer per
    task holds one bit for each source of the band that lies strictly above; the edge u -> v is redundant exactly when
    some input of v has u strictly above it. A band is followed only over the stretch of the topological order between
    its first source and its last target.
    """
    kept = np.ones(len(graph.sources), dtype=np.bool_)
    outputs = graph.starts[1:] - graph.starts[:-1]
    inputs = np.bincount(graph.targets, minlength=graph.count)
    span = forward.generation[graph.targets] - forward.generation[graph.sources]
    doubtful = np.flatnonzero((span > 1) & (outputs[graph.sources] > 1) & (inputs[graph.targets] > 1))
    if len(doubtful) == 0:
        return Reduction(kept=kept, skipped=None)

    place = np.empty(graph.count, dtype=np.int64)
    place[forward.by_generation] = np.arange(graph.count)
    source_places, target_places = place[graph.sources[doubtful]], place[graph.targets[doubtful]]
    by_source = np.argsort(source_places, kind="stable")
    doubtful, source_places, target_places = doubtful[by_source], source_places[by_source], target_places[by_source]
    # Inputs of each task, everything numbered by place in the topological order.
    inbound = np.argsort(place[graph.targets], kind="stable")
    input_places = place[graph.sources[inbound]]
    input_starts = np.zeros(graph.count + 1, dtype=np.int64)
    np.cumsum(inputs[forward.by_generation], out=input_starts[1:])

    bands = _cut_into_bands(source_places, band)
    stretches = [(int(source_places[a]), int(target_places[a:b].max())) for a, b in bands]
    work = sum(
        int(input_starts[last + 1] - input_starts[first]) * (band // 64 + _STEP_WORDS) for first, last in stretches
    )
    if work > work_bound:
        reason = (
            f"the transitive reduction of {graph.count} nodes and {len(graph.sources)} edges would take"
            f" {work} steps, more than the {work_bound} that are done"
        )
        return Reduction(kept=None, skipped=reason)
    for (begin, end), (first, last) in zip(bands, stretches, strict=True):
        redundant = _follow_band(
            input_starts[first : last + 2].tolist(),
            input_places,
            first,
            source_places[begin:end].tolist(),
            target_places[begin:end].tolist(),
        )
        kept[doubtful[begin:end][redundant]] = False
    return Reduction(kept=kept, skipped=None)


def _cut_into_bands(source_places: IntArray, band: int) -> list[tuple[int, int]]:
    """Cut the doubtful edges, sorted by source, into runs of at most `band` sources."""
    changes = np.flatnonzero(source_places[1:] != source_places[:-1]) + 1
    source_starts = np.concatenate([np.zeros(1, dtype=np.int64), changes])
    cuts = [*source_starts[::band].tolist(), len(source_places)]
    return list(pairwise(cuts))


def _follow_band(
    input_starts: list[int], input_places: IntArray, first: int, sources: list[int], targets: list[int]
) -> NDArray[np.bool_]:
    """Say for each doubtful edge of a band whether it is redundant.

    Parameters
    ----------
    input_starts
        Where the inputs of the places from `first` on start in `input_places`, and the end.
    input_places
        Places of the inputs, by place of their consumer.
    first
        The first place of the stretch; the stretch ends with the last target.
    sources, targets
        Places of the doubtful edges, by source.
    """
    bits: dict[int, int] = {}
    for source in sources:
        if source not in bits:
            bits[source] = 1 << len(bits)
    asked: dict[int, list[int]] = {}
    for index, target in enumerate(targets):
        asked.setdefault(target, []).append(index)
    base = input_starts[0]
    inputs: list[int] = input_places[base : input_starts[-1]].tolist()
    size = len(input_starts) - 1
    above = [0] * size  # sources of the band strictly above each place
    redundant = np.zeros(len(sources), dtype=np.bool_)
    for offset in range(size):
        strict = beyond = 0
        for producer in inputs[input_starts[offset] - base : input_starts[offset + 1] - base]:
            if producer >= first:
                higher = above[producer - first]
                if higher:
                    beyond |= higher
                own = bits.get(producer)
                if own is not None:
                    strict |= own
        above[offset] = strict | beyond
        questions = asked.get(first + offset)
        if questions is not None and beyond:
            for index in questions:
                redundant[index] = bool(beyond & bits[sources[index]])
    return redundant
