"""Generations, earliest starts and bottom levels: one sweep down the graph, one up."""

from dataclasses import dataclass

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray, gather_rows

WIDE = 48
"""From this many tasks on a generation is swept with array operations, below it task by task.

An array sweep costs about 30 microseconds whatever the width, a single task well under one; so neither a chain nor a
very wide graph is slow.
"""

_LONG_ROW = 64


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
    count, starts, targets = graph.count, graph.starts, graph.targets
    waiting = np.bincount(targets, minlength=count).astype(np.int64, copy=False)
    earliest = np.zeros(count, dtype=np.int64)
    generation = np.full(count, -1, dtype=np.int64)
    by_generation = np.empty(count, dtype=np.int64)
    claimed = np.empty(count, dtype=np.int64)
    generation_starts = [0]
    frontier = np.flatnonzero(waiting == 0)
    position = level = 0

    # Views of the same memory: item access through a memoryview costs a third of that through an array.
    starts_view, targets_view = starts.data, targets.data
    waiting_view, earliest_view, costs_view = waiting.data, earliest.data, costs.data
    generation_view, order_view = generation.data, by_generation.data

    while len(frontier):
        if len(frontier) >= WIDE:
            by_generation[position : position + len(frontier)] = frontier
            generation[frontier] = level
            position += len(frontier)
            level += 1
            generation_starts.append(position)
            frontier = _free_wide(graph, costs, frontier, waiting, earliest, claimed)
            continue
        thin: list[int] = frontier.tolist()
        while thin and len(thin) < WIDE:
            freed: list[int] = []
            for task in thin:
                order_view[position] = task
                position += 1
                generation_view[task] = level
                finish = earliest_view[task] + costs_view[task]
                first, last = starts_view[task], starts_view[task + 1]
                if last - first > _LONG_ROW:
                    row = targets[first:last]
                    earliest[row] = np.maximum(earliest[row], finish)
                    waiting[row] -= 1
                    freed.extend(row[waiting[row] == 0].tolist())
                    continue
                for edge in range(first, last):
                    target = targets_view[edge]
                    earliest_view[target] = max(earliest_view[target], finish)
                    left = waiting_view[target] - 1
                    waiting_view[target] = left
                    if not left:
                        freed.append(target)
            level += 1
            generation_starts.append(position)
            thin = freed
        frontier = np.array(thin, dtype=np.int64)

    return ForwardSweep(
        by_generation=by_generation[:position],
        generation_starts=generation_starts,
        generation=generation,
        earliest_start=earliest,
    )


def _free_wide(
    graph: EdgeArrays, costs: IntArray, frontier: IntArray, waiting: IntArray, earliest: IntArray, claimed: IntArray
) -> IntArray:
    """Take a wide generation off the graph with array operations, and give the tasks that it sets free."""
    edges, degrees = gather_rows(graph.starts, frontier)
    reached = graph.targets[edges]
    np.maximum.at(earliest, reached, np.repeat(earliest[frontier] + costs[frontier], degrees))
    np.subtract.at(waiting, reached, 1)
    free = reached[waiting[reached] == 0]
    # A task that several of the frontier's tasks freed stands there several times: its last claim counts.
    turns = np.arange(len(free))
    claimed[free] = turns
    return free[claimed[free] == turns]


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

    bottom_view, costs_view, order_view = bottom.data, costs.data, order.data
    targets_view, rows_view = targets.data, row_starts.data
    bounds = forward.generation_starts
    for level in range(len(bounds) - 2, -1, -1):
        first, last = bounds[level], bounds[level + 1]
        if last - first >= WIDE:
            begin, end = rows_view[first], rows_view[last]
            if begin == end:
                continue
            reading = np.flatnonzero(degrees[first:last]) + first
            dearest = np.maximum.reduceat(bottom[targets[begin:end]], row_starts[reading] - begin)
            bottom[order[reading]] += dearest
            continue
        for row in range(first, last):
            begin, end = rows_view[row], rows_view[row + 1]
            if begin == end:
                continue
            task = order_view[row]
            if end - begin > _LONG_ROW:
                deepest = int(bottom[targets[begin:end]].max())
            else:
                deepest = 0
                for edge in range(begin, end):
                    below = bottom_view[targets_view[edge]]
                    deepest = max(deepest, below)
            bottom_view[task] = costs_view[task] + deepest
    return bottom
