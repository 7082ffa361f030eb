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
    task = _find_first(graph, bottom)
    path = _walk(graph, costs, bottom, task, most=graph.count // 1024)
    if path is None:
        path = _follow(_smallest_onward(graph, costs, bottom), task)
    return np.array(path, dtype=np.int64)


def _find_first(graph: EdgeArrays, bottom: IntArray) -> int:
    """Give the smallest task without inputs that has the largest bottom level."""
    dearest = np.flatnonzero(bottom == bottom.max())
    if len(dearest) > 1:
        # An input that costs nothing has the bottom level of its consumer.
        dearest = dearest[np.bincount(graph.targets, minlength=graph.count)[dearest] == 0]
    return int(dearest[0])


def _walk(graph: EdgeArrays, costs: IntArray, bottom: IntArray, task: int, *, most: int) -> list[int] | None:
    """Give the path from a task on, looking only at the edges of its tasks; none when it has more than `most`.

    A step costs a few microseconds, so that only a short path is cheaper this way.
    """
    path: list[int] = []
    while len(path) <= most:
        path.append(task)
        targets = graph.targets[graph.starts[task] : graph.starts[task + 1]]
        if len(targets) == 0:
            return path
        # The path goes on along edges to a task whose bottom level is all that is left below the present one. Edges
        # are sorted by target within a source, so the first such edge leads to the smallest task.
        task = int(targets[np.argmax(bottom[targets] == bottom[task] - costs[task])])
    return None


def _smallest_onward(graph: EdgeArrays, costs: IntArray, bottom: IntArray) -> IntArray:
    """Give the task to which a longest path goes on from each task, -1 where it ends."""
    left = bottom - costs
    onward = np.flatnonzero(left[graph.sources] == bottom[graph.targets])
    sources = graph.sources[onward]
    first = np.ones(len(onward), dtype=np.bool_)
    np.not_equal(sources[1:], sources[:-1], out=first[1:])
    following = np.full(graph.count, -1, dtype=np.int64)
    following[sources[first]] = graph.targets[onward[first]]
    return following


def _follow(following: IntArray, task: int) -> list[int]:
    path: list[int] = []
    onward = following.data
    while task >= 0:
        path.append(task)
        task = onward[task]
    return path
