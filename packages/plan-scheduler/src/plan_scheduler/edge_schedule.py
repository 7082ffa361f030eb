"""Doors for foreign code: a schedule from names as plain Python, or from arrays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plan_scheduler.analysis import Cyclic, analyse
from plan_scheduler.cycles import find_cycles
from plan_scheduler.durations import MAX_TOTAL_SECONDS, to_microseconds, to_seconds
from plan_scheduler.edge_arrays import IntArray, pack_edges
from plan_scheduler.errors import CostRefused, CycleError, EdgesRefused
from plan_scheduler.named_graph import analyse_named
from plan_scheduler.priority import group_generations
from plan_scheduler.rx_graph import find_bridges


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSchedule:
    """A schedule by name; fields bear the names that they have in `PlanScheduleArtifact`."""

    ordered_tasks: tuple[str, ...]
    """A topological order: by bottom level descending, then slack, then name among the ready tasks."""
    generations: tuple[tuple[str, ...], ...]
    """Tasks of equal topological depth, each in schedule order."""
    critical_path_tasks: tuple[str, ...]
    """One longest path by cost; ties by name."""
    critical_path_length_weighted: float
    """Seconds; the costs on the critical path, its first task included."""
    task_costs: dict[str, float]
    """Seconds by task, rounded to microseconds."""
    bottom_level_costs: dict[str, float]
    """Seconds by task: its cost plus the dearest path below it."""
    earliest_start: dict[str, float]
    """Seconds by task: start with unlimited workers."""
    latest_start: dict[str, float]
    """Seconds by task: latest start that does not delay the end."""
    slack_by_task: dict[str, float]
    """Seconds by task: latest minus earliest start."""
    bridge_edges: tuple[tuple[str, str], ...]
    """Edges whose removal disconnects their component, sorted."""
    articulation_tasks: tuple[str, ...]
    """Tasks whose removal disconnects their component, sorted."""
    edges: tuple[tuple[str, str], ...]
    """The edges, sorted, each once."""
    duplicate_edges: int
    """Repeated edges, which were ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySchedule:
    """A schedule as arrays; times are seconds, exact to the microsecond before they became float64."""

    order: IntArray
    """int64[n]: tasks in schedule order."""
    generation: IntArray
    """int64[n]: topological depth by task, from 0."""
    earliest_start: NDArray[np.float64]
    """float64[n] by task."""
    latest_start: NDArray[np.float64]
    """float64[n] by task."""
    slack: NDArray[np.float64]
    """float64[n] by task."""
    bottom_level: NDArray[np.float64]
    """float64[n] by task."""
    critical_path: IntArray
    """int64[k]: tasks of one longest path, ties by number."""
    critical_path_seconds: float
    """Sum of the costs on the critical path."""
    duplicate_edges: int
    """Repeated edges, which were ignored."""


def schedule_edges(tasks: Sequence[str], edges: Iterable[tuple[str, str]], costs: Mapping[str, float]) -> EdgeSchedule:
    """Schedule tasks given by name.

    Parameters
    ----------
    tasks
        Unique names; any text, in any order.
    edges
        (producer, consumer); repeated edges count once.
    costs
        Seconds for each task, finite and not negative.

    Raises
    ------
    DuplicateTask, UnknownTask, CostMissing, CostRefused, CycleError
        The one problem there is; `plan_contracts.PlanErrors` with all of them when there are several.

    Examples
    --------
    >>> schedule = schedule_edges(["a", "b", "c"], [("a", "b"), ("a", "c")], {"a": 1, "b": 5, "c": 2})
    >>> schedule.ordered_tasks, schedule.critical_path_tasks, schedule.critical_path_length_weighted
    (('a', 'b', 'c'), ('a', 'b'), 6.0)
    >>> schedule.slack_by_task["c"]
    3.0
    """
    graph = analyse_named(tasks, edges, costs)
    names, found = graph.names, graph.analysis
    bridges, articulations = find_bridges(graph.edges)

    def by_name(values: IntArray) -> dict[str, float]:
        return dict(zip(names, to_seconds(values).tolist(), strict=True))

    def named(numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(names[number] for number in numbers)

    sources: list[int] = graph.edges.sources.tolist()
    targets: list[int] = graph.edges.targets.tolist()
    return EdgeSchedule(
        ordered_tasks=named(found.order.tolist()),
        generations=tuple(named(part.tolist()) for part in group_generations(found.order, found.generation)),
        critical_path_tasks=named(found.critical_path.tolist()),
        critical_path_length_weighted=found.length / 1e6,
        task_costs=by_name(graph.costs),
        bottom_level_costs=by_name(found.bottom_level),
        earliest_start=by_name(found.earliest_start),
        latest_start=by_name(found.earliest_start + found.slack),
        slack_by_task=by_name(found.slack),
        bridge_edges=tuple((names[source], names[target]) for source, target in bridges),
        articulation_tasks=named(articulations),
        edges=tuple((names[source], names[target]) for source, target in zip(sources, targets, strict=True)),
        duplicate_edges=graph.edges.duplicates,
    )


def schedule_arrays(costs: NDArray[np.float64], edges: NDArray[np.integer]) -> ArraySchedule:
    """Schedule tasks given by number, without a Python object per task.

    Parameters
    ----------
    costs
        float64[n]: seconds by task, finite and not negative.
    edges
        int[m, 2]: (producer, consumer), each from 0 to n - 1; repeated edges count once.

    Raises
    ------
    EdgesRefused
        When a shape, type or range is wrong.
    CostRefused
        When a cost is negative, NaN or infinite, or their sum is over `MAX_TOTAL_SECONDS`.
    CycleError
        With task numbers as names.

    Examples
    --------
    >>> schedule = schedule_arrays(np.array([1.0, 5.0, 2.0]), np.array([[0, 1], [0, 2]]))
    >>> schedule.order.tolist(), schedule.slack.tolist(), schedule.critical_path_seconds
    ([0, 1, 2], [0.0, 0.0, 3.0], 6.0)
    """
    micros = _check_costs(costs)
    count = len(micros)
    sources, targets = _check_edges(edges, count)
    packed = pack_edges(count, sources, targets)
    found = analyse(packed, micros)
    if isinstance(found, Cyclic):
        raise CycleError([str(task) for task in find_cycles(packed, found.acyclic)[0]])
    return ArraySchedule(
        order=found.order,
        generation=found.generation,
        earliest_start=to_seconds(found.earliest_start),
        latest_start=to_seconds(found.earliest_start + found.slack),
        slack=to_seconds(found.slack),
        bottom_level=to_seconds(found.bottom_level),
        critical_path=found.critical_path,
        critical_path_seconds=found.length / 1e6,
        duplicate_edges=packed.duplicates,
    )


def _shown(numbers: IntArray) -> str:
    listed = ", ".join(str(number) for number in numbers[:5].tolist())
    return listed if len(numbers) <= 5 else f"{listed} and {len(numbers) - 5} more"


def _check_costs(costs: NDArray[np.float64]) -> IntArray:
    if costs.ndim != 1 or costs.dtype.kind not in "fiu":
        message = f"The costs are {costs.dtype}{list(costs.shape)}; they must be float64[n]"
        raise EdgesRefused(message, suggestion="Pass one number of seconds per task.")
    seconds = costs.astype(np.float64, copy=False)
    refused = np.flatnonzero(~(np.isfinite(seconds) & (seconds >= 0)))
    if len(refused):
        message = f"{len(refused)} costs are negative, NaN or infinite: those of the tasks {_shown(refused)}"
        raise CostRefused(message, suggestion="Give finite seconds from 0 on.")
    total = float(seconds.sum())
    if total > MAX_TOTAL_SECONDS:
        message = f"The costs add up to {total!r} s, more than the {MAX_TOTAL_SECONDS:.0e} s that are counted exactly"
        raise CostRefused(message, suggestion="Give costs in seconds.")
    return to_microseconds(seconds)


def _check_edges(edges: NDArray[np.integer], count: int) -> tuple[IntArray, IntArray]:
    if edges.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        message = f"The edges are {edges.dtype}{list(edges.shape)}; they must be int[m, 2]"
        raise EdgesRefused(message, suggestion="Pass one row (producer, consumer) per edge.")
    sources = np.ascontiguousarray(edges[:, 0], dtype=np.int64)
    targets = np.ascontiguousarray(edges[:, 1], dtype=np.int64)
    low, high = min(sources.min(), targets.min()), max(sources.max(), targets.max())
    if low < 0 or high >= count:
        outside = np.flatnonzero((sources < 0) | (targets < 0) | (sources >= count) | (targets >= count))
        message = f"Edges name tasks outside 0 … {count - 1}, in the rows {_shown(outside)}"
        raise EdgesRefused(message, suggestion="Number the tasks as the costs are.")
    loops = np.flatnonzero(sources == targets)
    if len(loops):
        raise CycleError([str(sources[loops[0]])])
    return sources, targets
