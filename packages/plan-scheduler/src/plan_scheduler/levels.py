"""Generations, earliest starts and bottom levels: one sweep down the graph, one up."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray, gather_rows

WIDE = 48
"""From this many tasks on a generation is swept with array operations, below it task by task.

An array sweep costs about 30 microseconds whatever the width, a single task well under one; so neither a chain nor a
very wide graph is slow.
"""

TAKEN = -1
"""Stands for the number of inputs that a task waits for once it was taken off the graph."""


@dataclass(frozen=True, slots=True)
class ForwardSweep:
    """What a sweep from the sources to the sinks finds."""

    by_generation: IntArray
    """Tasks, generation after generation; fewer than all when there is a cycle."""
    generation_starts: list[int]
    """Where in `by_generation` each generation starts, and the end."""
    generation: IntArray
    """int64[n]: topological depth from 0; -1 on and below a cycle."""
    earliest_start: IntArray
    """int64[n], microseconds: start with unlimited workers."""


def sweep_forward(graph: EdgeArrays, costs: IntArray) -> ForwardSweep:
    """Find generations and earliest starts by Kahn's algorithm, generation after generation.

    Parameters
    ----------
    graph
        Edges.
    costs
        int64[n], microseconds.
    """
    count = graph.count
    waiting = np.bincount(graph.targets, minlength=count).astype(np.int64, copy=False)
    earliest = np.zeros(count, dtype=np.int64)
    generation = np.full(count, -1, dtype=np.int64)
    by_generation = np.empty(count, dtype=np.int64)
    generation_starts = [0]
    frontier = np.flatnonzero(waiting == 0)
    position = thin_tasks = 0
    while len(frontier):
        waiting[frontier] = TAKEN
        if len(frontier) >= WIDE:
            by_generation[position : position + len(frontier)] = frontier
            position += len(frontier)
            generation_starts.append(position)
            frontier = _free_wide(graph, costs, frontier, waiting, earliest)
            continue
        # Lists are twice as fast as views of the arrays, but must be filled and written back: they are used each time
        # the graph has shown again that it is thin, so at most 16 times.
        as_lists = thin_tasks * 16 > count
        state = _thin_state(graph, costs, waiting, earliest, as_lists=as_lists)
        run, widths, freed = _free_thin(frontier.tolist(), state, count if as_lists else count // 16)
        if as_lists:
            waiting, earliest = np.array(state.waiting, dtype=np.int64), np.array(state.earliest, dtype=np.int64)
            thin_tasks = 0
        by_generation[position : position + len(run)] = run
        generation_starts.extend(accumulate(widths, initial=position))
        del generation_starts[-len(widths) - 1]
        position += len(run)
        thin_tasks += len(run)
        frontier = np.array(freed, dtype=np.int64)
    widths_of_all = np.diff(np.array(generation_starts, dtype=np.int64))
    generation[by_generation[:position]] = np.repeat(np.arange(len(widths_of_all)), widths_of_all)
    return ForwardSweep(
        by_generation=by_generation[:position],
        generation_starts=generation_starts,
        generation=generation,
        earliest_start=earliest,
    )


@dataclass(slots=True)
class _ThinState:
    """What a sweep task by task reads and writes, as lists or as views of the arrays."""

    starts: Sequence[int]
    targets: Sequence[int]
    costs: Sequence[int]
    waiting: "list[int] | memoryview[int]"
    earliest: "list[int] | memoryview[int]"


def _thin_state(
    graph: EdgeArrays, costs: IntArray, waiting: IntArray, earliest: IntArray, *, as_lists: bool
) -> _ThinState:
    if as_lists:
        return _ThinState(
            starts=graph.starts.tolist(),
            targets=graph.targets.tolist(),
            costs=costs.tolist(),
            waiting=waiting.tolist(),
            earliest=earliest.tolist(),
        )
    return _ThinState(
        starts=graph.starts.data,
        targets=graph.targets.data,
        costs=costs.data,
        waiting=waiting.data,
        earliest=earliest.data,
    )


def _free_thin(thin: list[int], state: _ThinState, most: int) -> tuple[list[int], list[int], list[int]]:
    """Take thin generations off the graph task by task.

    Returns
    -------
    tuple
        The tasks taken off, the width of each generation, and the tasks set free last: none, many, or few when at
        least `most` tasks were taken off.
    """
    starts, targets, costs = state.starts, state.targets, state.costs
    waiting, earliest = state.waiting, state.earliest
    queue = thin
    taken, width = 0, len(thin)
    inside = width
    widths: list[int] = []
    # The queue grows while it is read; it holds one generation after the other.
    for task in queue:
        start, end = starts[task], starts[task + 1]
        if start != end:
            finish = earliest[task] + costs[task]
            for target in targets[start:end]:
                if finish > earliest[target]:  # noqa: PLR1730 - max() is a call, and writes each time
                    earliest[target] = finish
                left = waiting[target] - 1
                if left:
                    waiting[target] = left
                else:
                    queue.append(target)
        inside -= 1
        if not inside:
            widths.append(width)
            taken += width
            inside = width = len(queue) - taken
            if width >= WIDE or taken > most:
                break
    return queue[:taken], widths, queue[taken:]


def _free_wide(
    graph: EdgeArrays, costs: IntArray, frontier: IntArray, waiting: IntArray, earliest: IntArray
) -> IntArray:
    """Take a wide generation off the graph with array operations, and give the tasks that it sets free, ascending.

    Ascending tasks have their edges, costs and starts one after the other in memory; on a large graph in any other
    order the sweeps wait for memory most of the time.
    """
    edges, degrees = gather_rows(graph.starts, frontier)
    reached = graph.targets[edges]
    np.maximum.at(earliest, reached, np.repeat(earliest[frontier] + costs[frontier], degrees))
    np.subtract.at(waiting, reached, 1)
    if len(reached) * 8 > graph.count:
        return np.flatnonzero(waiting == 0)
    # A task that several of the frontier's tasks freed stands there several times.
    freed = np.sort(reached[waiting[reached] == 0])
    return freed[np.append(True, freed[1:] != freed[:-1])] if len(freed) else freed


def sweep_backward(graph: EdgeArrays, costs: IntArray, forward: ForwardSweep) -> IntArray:
    """Give the bottom level of each task, int64[n] in microseconds: its cost plus the dearest path below it.

    Parameters
    ----------
    graph
        Acyclic edges.
    costs
        int64[n], microseconds.
    forward
        The forward sweep over the same graph.
    """
    order = forward.by_generation
    edges, degrees = gather_rows(graph.starts, order)
    targets = graph.targets[edges]
    row_starts = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(degrees, out=row_starts[1:])
    bottom = costs.copy()
    bounds = np.array(forward.generation_starts, dtype=np.int64)
    level = len(bounds) - 2
    wide_levels = np.flatnonzero(np.diff(bounds) >= WIDE)[::-1].tolist()
    for wide in [*wide_levels, -1]:
        if wide < level:
            first, last = int(bounds[wide + 1]), int(bounds[level + 1])
            _raise_thin(order, targets, row_starts, bottom, first, last)
        if wide >= 0:
            first, last = int(bounds[wide]), int(bounds[wide + 1])
            reading = np.flatnonzero(degrees[first:last]) + first
            if len(reading):
                begin, end = int(row_starts[first]), int(row_starts[last])
                dearest = np.maximum.reduceat(bottom[targets[begin:end]], row_starts[reading] - begin)
                bottom[order[reading]] += dearest
        level = wide - 1
    return bottom


def _raise_thin(
    order: IntArray, targets: IntArray, row_starts: IntArray, bottom: IntArray, first: int, last: int
) -> None:
    """Complete the bottom levels of the tasks `order[first:last]`, last to first, task by task."""
    as_lists = (last - first) * 16 > len(order)
    levels: list[int] | memoryview[int] = bottom.tolist() if as_lists else bottom.data
    begin = int(row_starts[first])
    row: Sequence[int] = targets[begin : int(row_starts[last])].tolist()
    ends: list[int] = (row_starts[first : last + 1] - begin).tolist()
    end = ends.pop()
    for task in order[first:last][::-1].tolist():
        start = ends.pop()
        if start != end:
            dearest = 0
            for target in row[start:end]:
                below = levels[target]
                if below > dearest:  # noqa: PLR1730 - max() is a call
                    dearest = below
            levels[task] += dearest
            end = start
    if as_lists:
        bottom[:] = levels
