"""Everything that follows from tasks, costs and edges, as arrays: the core that every door leads to."""

from dataclasses import dataclass

from plan_scheduler.critical_path import find_critical_path
from plan_scheduler.edge_arrays import EdgeArrays, IntArray
from plan_scheduler.levels import sweep_backward, sweep_forward
from plan_scheduler.priority import order_tasks


@dataclass(frozen=True, slots=True)
class Analysis:
    """Order, levels, slack and critical path; all times are int64 microseconds."""

    order: IntArray
    """Tasks in schedule order."""
    generation: IntArray
    """Topological depth by task, from 0."""
    earliest_start: IntArray
    """Start with unlimited workers, by task."""
    bottom_level: IntArray
    """Cost plus the dearest path below, by task."""
    slack: IntArray
    """Latest start minus earliest start, by task."""
    critical_path: IntArray
    """Tasks of one longest path, first to last."""
    length: int
    """Sum of the costs on the critical path."""


@dataclass(frozen=True, slots=True)
class Cyclic:
    """The graph has a cycle."""

    acyclic: IntArray
    """Tasks that lie on no cycle and below none."""


def analyse(graph: EdgeArrays, costs: IntArray) -> Analysis | Cyclic:
    """Analyse a graph; ties are broken by task number.

    Parameters
    ----------
    graph
        Edges, without self-loops.
    costs
        int64[n], microseconds, not negative.
    """
    forward = sweep_forward(graph, costs)
    if len(forward.by_generation) < graph.count:
        return Cyclic(acyclic=forward.by_generation)
    bottom = sweep_backward(graph, costs, forward)
    length = int(bottom.max()) if graph.count else 0
    slack = length - bottom
    slack -= forward.earliest_start
    return Analysis(
        order=order_tasks(graph, costs, bottom, slack),
        generation=forward.generation,
        earliest_start=forward.earliest_start,
        bottom_level=bottom,
        slack=slack,
        critical_path=find_critical_path(graph, costs, bottom),
        length=length,
    )
