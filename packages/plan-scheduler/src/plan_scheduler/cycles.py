"""Witnesses for cycles: one short cycle for each knot of tasks that wait for each other."""

from collections import deque

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray, pack_edges
from plan_scheduler.rx_graph import strong_components

SEARCH_BOUND = 500_000
"""Edges looked at while searching for a shorter cycle; within it the witness is a shortest one."""

MAX_WITNESSES = 20
"""Most cycles that are reported at once."""


def find_cycles(graph: EdgeArrays, acyclic: IntArray) -> list[list[int]]:
    """Give one cycle for each strongly connected component, each beginning with its smallest task.

    Parameters
    ----------
    graph
        Edges, without self-loops.
    acyclic
        Tasks that are known not to lie on a cycle.
    """
    core = np.ones(graph.count, dtype=np.bool_)
    core[acyclic] = False
    inside = core[graph.sources] & core[graph.targets]
    tasks = np.flatnonzero(core)
    renumbered = np.cumsum(core) - 1
    reduced = pack_edges(len(tasks), renumbered[graph.sources[inside]], renumbered[graph.targets[inside]])
    starts, targets = reduced.starts.tolist(), reduced.targets.tolist()
    budget = SEARCH_BOUND
    cycles: list[list[int]] = []
    for component in strong_components(reduced)[:MAX_WITNESSES]:
        members = set(component)
        shortest: list[int] | None = None
        for task in component:
            found, looked = _shortest_through(task, members, starts, targets, len(shortest) if shortest else None)
            budget -= looked
            shortest = found or shortest
            if budget <= 0 or (shortest is not None and len(shortest) == 2):
                break
        if shortest is not None:
            turn = shortest.index(min(shortest))
            cycles.append([int(tasks[task]) for task in shortest[turn:] + shortest[:turn]])
    return cycles


def _shortest_through(
    task: int, members: set[int], starts: list[int], targets: list[int], shorter_than: int | None
) -> tuple[list[int] | None, int]:
    """Search breadth first for a shortest cycle through the task; give it and the number of edges looked at."""
    reached_from = {task: task}
    depth = {task: 1}
    queue = deque([task])
    looked = 0
    while queue:
        current = queue.popleft()
        if shorter_than is not None and depth[current] >= shorter_than:
            break
        for target in targets[starts[current] : starts[current + 1]]:
            looked += 1
            if target == task:
                path = [current]
                while path[-1] != task:
                    path.append(reached_from[path[-1]])
                return path[::-1], looked
            if target in members and target not in reached_from:
                reached_from[target] = current
                depth[target] = depth[current] + 1
                queue.append(target)
    return None, looked
