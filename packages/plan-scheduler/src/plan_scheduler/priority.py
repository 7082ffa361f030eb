"""The schedule order: bottom level descending, slack ascending, task ascending, among the tasks that are ready."""

import heapq

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray


def order_tasks(graph: EdgeArrays, costs: IntArray, bottom: IntArray, slack: IntArray) -> IntArray:
    """Give all tasks in schedule order, which is topological.

    Parameters
    ----------
    graph
        Acyclic edges.
    costs, bottom, slack
        int64[n], microseconds.

    Notes
    -----
    A task that costs something has a larger bottom level than all below it, so sorting by bottom level is topological
    already and equals what a heap of ready tasks would give. Only a task that costs nothing can tie with its consumer;
    such ties are resolved with a heap, inside the group of equal bottom levels.
    """
    order = _sort_tasks(bottom, slack)
    if bool((costs == 0).any()):
        tied = np.flatnonzero(bottom[graph.sources] == bottom[graph.targets])
        if len(tied):
            _resolve_ties(order, bottom, graph.sources[tied], graph.targets[tied])
    return order


def _sort_tasks(bottom: IntArray, slack: IntArray) -> IntArray:
    """Give all tasks by bottom level descending, slack ascending, task ascending."""
    if len(bottom) == 0:
        return np.empty(0, dtype=np.int64)
    highest = int(bottom.max())
    shift = max(1, (len(bottom) - 1).bit_length())
    if highest.bit_length() + shift > 63:
        return np.lexsort((slack, -bottom))
    # One integer per task, as for the edges: few tasks have equal bottom levels, and only these need a second key.
    keys = highest - bottom
    keys <<= shift
    keys |= np.arange(len(bottom))
    keys.sort()
    order = keys & ((1 << shift) - 1)
    keys >>= shift
    equal = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    tasks = order[tied]
    order[tied] = tasks[np.lexsort((slack[tasks], keys[tied]))]
    return order


def _resolve_ties(order: IntArray, bottom: IntArray, sources: IntArray, targets: IntArray) -> None:
    """Put groups of equal bottom levels in order of readiness, in place."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    descending = -bottom[order]
    consumers: dict[int, list[int]] = {}
    waiting: dict[int, int] = {}
    source_places: list[int] = place[sources].tolist()
    target_places: list[int] = place[targets].tolist()
    for source, target in zip(source_places, target_places, strict=True):
        consumers.setdefault(source, []).append(target)
        waiting[target] = waiting.get(target, 0) + 1
    values: list[int] = np.unique(-bottom[sources]).tolist()
    for value in values:
        first = int(np.searchsorted(descending, value, side="left"))
        last = int(np.searchsorted(descending, value, side="right"))
        ready = [spot for spot in range(first, last) if spot not in waiting]
        taken: list[int] = []
        while ready:
            spot = heapq.heappop(ready)
            taken.append(spot)
            for consumer in consumers.get(spot, ()):
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    heapq.heappush(ready, consumer)
        order[first:last] = order[np.array(taken, dtype=np.int64)]


def group_generations(order: IntArray, generation: IntArray) -> list[IntArray]:
    """Give the tasks of each generation, each in schedule order.

    Parameters
    ----------
    order
        int64[n]: tasks in schedule order.
    generation
        int64[n]: topological depth by task, from 0 without gaps.
    """
    if len(order) == 0:
        return []
    depths = generation[order]
    by_depth = order[np.argsort(depths, kind="stable")]
    bounds = np.cumsum(np.bincount(depths))[:-1]
    return [np.asarray(part, dtype=np.int64) for part in np.split(by_depth, bounds)]
