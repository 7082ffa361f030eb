"""Who can be reached from whom, over edges by name."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from plan_contracts import LogicalGraph


def neighbours(graph: LogicalGraph) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Give the producers and the consumers of each node, sorted."""
    producers: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    consumers: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for edge in sorted(graph.edges, key=lambda edge: (edge.producer, edge.consumer)):
        producers[edge.consumer].append(edge.producer)
        consumers[edge.producer].append(edge.consumer)
    return producers, consumers


def reach(starts: Iterable[str], following: Mapping[str, Sequence[str]], most_steps: int | None = None) -> set[str]:
    """Give the starts and all that can be reached from them.

    Parameters
    ----------
    starts
        Nodes.
    following
        Where each node leads; cycles are allowed.
    most_steps
        Edges to go at most; none sets no limit.
    """
    steps = dict.fromkeys(starts, 0)
    queue = deque(steps)
    while queue:
        node = queue.popleft()
        if steps[node] == most_steps:
            continue
        for other in following.get(node, ()):
            if other not in steps:
                steps[other] = steps[node] + 1
                queue.append(other)
    return set(steps)
