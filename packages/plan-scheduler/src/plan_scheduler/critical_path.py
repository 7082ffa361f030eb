"""One longest path by cost."""

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray


def find_critical_path(graph: EdgeArrays, costs: IntArray, bottom: IntArray) -> IntArray:
    """Give the tasks of one longest path, from a task without inputs to a task without consumers.

    Among several the one whose tasks come first, compared task by task from its beginning.

    Parameters
    ----------
    graph
        Acyclic edges.
    costs, bottom
        int64[n], microseconds: costs and bottom levels.
    """
    if graph.count == 0:
        return np.empty(0, dtype=np.int64)
    # The path goes on along edges to a task whose bottom level is all that is left below the present one. Edges are
    # sorted by target within a source, so the first such edge leads to the smallest task.
    left = bottom - costs
    onward = np.flatnonzero(left[graph.sources] == bottom[graph.targets])
    sources = graph.sources[onward]
    first = np.ones(len(onward), dtype=np.bool_)
    np.not_equal(sources[1:], sources[:-1], out=first[1:])
    following = np.full(graph.count, -1, dtype=np.int64)
    following[sources[first]] = graph.targets[onward[first]]

    without_inputs = np.bincount(graph.targets, minlength=graph.count) == 0
    task = int(np.flatnonzero(without_inputs & (bottom == bottom.max()))[0])
    following_view = following.data
    path: list[int] = []
    while task >= 0:
        path.append(task)
        task = following_view[task]
    return np.array(path, dtype=np.int64)
