"""What a number of workers would buy."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from plan_contracts import MakespanForecast
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.durations import to_microseconds
from plan_scheduler.edge_arrays import pack_edges
from plan_scheduler.errors import UnknownTask, WorkersRefused
from plan_scheduler.simulation import RankedTasks, Simulated, rank_tasks, simulate, simulate_lanes

WORKERS = (1, 2, 4, 8, 16)
"""Numbers of workers that a schedule carries forecasts for."""


class Ordered(Protocol):
    """What a forecast needs of a schedule; `PlanScheduleArtifact` and `EdgeSchedule` have it."""

    @property
    def ordered_tasks(self) -> tuple[str, ...]:
        """Tasks in schedule order."""
        ...

    @property
    def task_costs(self) -> dict[str, float]:
        """Seconds by task."""
        ...

    @property
    def critical_path_length_weighted(self) -> float:
        """Seconds on the critical path."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedTask:
    """When and where one task is expected to run."""

    task: str
    """The task."""
    start_seconds: float
    """From the beginning of the run."""
    end_seconds: float
    """From the beginning of the run."""
    slot: int
    """The worker, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedForecast:
    """How long the schedule takes on several executors at once."""

    makespan_seconds: float
    """End of the last task."""
    lower_bound_seconds: float
    """No schedule with this routing is shorter."""
    utilisation: dict[str, float]
    """Busy share of the slots of each executor until the end."""
    tasks: tuple[PredictedTask, ...]
    """Start, end and slot of each task, in schedule order; slots are numbered through the executors by name."""


def forecast(
    schedule: Ordered,
    edges: Iterable[tuple[str, str]],
    workers: Sequence[int] = WORKERS,
    *,
    cpu_seconds: float | None = None,
    cores: int | None = None,
) -> tuple[MakespanForecast, ...]:
    """Simulate the schedule on each number of workers.

    Parameters
    ----------
    schedule
        Order and costs.
    edges
        (producer, consumer) among the scheduled tasks, as in `TaskGraph.edges`.
    workers
        Numbers of slots, each at least one.
    cpu_seconds, cores
        CPU time of all tasks together and cores of the machine that the forecast speaks of. Tasks may be parallel
        inside: with both given, no makespan and no bound is below their quotient.

    Returns
    -------
    tuple[MakespanForecast, ...]
        In the order of `workers`. The lower bound is max(critical path, total cost / workers), and the makespan is at
        most total / workers + (1 - 1 / workers) x critical path (Graham's bound for list schedules).

    Raises
    ------
    UnknownTask
        When an edge names a task that is not scheduled.
    WorkersRefused
        When fewer than one worker or core is asked for.

    Examples
    --------
    >>> from plan_scheduler import schedule_edges
    >>> schedule = schedule_edges(["a", "b", "c"], [("a", "b"), ("a", "c")], {"a": 1, "b": 5, "c": 2})
    >>> [result.makespan_seconds for result in forecast(schedule, schedule.edges, workers=[1, 2])]
    [8.0, 6.0]
    """
    _check_workers(workers if cores is None else [*workers, cores])
    least = 0 if cpu_seconds is None or cores is None else math.ceil(cpu_seconds * 1e6 / cores)
    length = round(schedule.critical_path_length_weighted * 1e6)
    return forecast_ranked(_rank(schedule, edges), length, workers, least=least)


def forecast_routed(
    schedule: Ordered,
    edges: Iterable[tuple[str, str]],
    *,
    slots: Mapping[str, int],
    executor_of: Callable[[str], str],
) -> RoutedForecast:
    """Simulate the schedule on several executors at once.

    Parameters
    ----------
    schedule, edges
        As for `forecast`.
    slots
        Slots by executor, each at least one.
    executor_of
        The routing rule: the executor of each task, one of `slots`.

    Returns
    -------
    RoutedForecast
        The lower bound is the largest of the critical path and, for each executor, the cost of its tasks over its
        slots.

    Raises
    ------
    UnknownTask, WorkersRefused
        As for `forecast`; `WorkersRefused` also when a task is routed to an executor without slots.
    """
    names = sorted(slots)
    _check_workers([slots[name] for name in names])
    ranked = _rank(schedule, edges)
    lane_of = {name: lane for lane, name in enumerate(names)}
    lanes: list[int] = []
    loads = [0] * len(names)
    for task, duration in zip(schedule.ordered_tasks, ranked.durations, strict=True):
        executor = executor_of(task)
        if executor not in lane_of:
            message = f"The task `{task}` is routed to `{executor}`, which has no slots"
            raise WorkersRefused(message, subject=task, suggestion=f"Route it to one of {', '.join(names)}.")
        lanes.append(lane_of[executor])
        loads[lane_of[executor]] += duration
    run = simulate_lanes(ranked, lanes, [slots[name] for name in names])
    length = round(schedule.critical_path_length_weighted * 1e6)
    bound = max([length, *(-(-loads[lane] // slots[name]) for name, lane in lane_of.items())])
    return RoutedForecast(
        makespan_seconds=run.makespan / 1e6,
        lower_bound_seconds=bound / 1e6,
        utilisation={
            name: loads[lane] / (run.makespan * slots[name]) if run.makespan else 0.0 for name, lane in lane_of.items()
        },
        tasks=_predicted(schedule, ranked, run),
    )


def predict(schedule: Ordered, edges: Iterable[tuple[str, str]], workers: int) -> tuple[PredictedTask, ...]:
    """Give the expected start and end of each task on a number of workers, in schedule order.

    Parameters
    ----------
    schedule, edges
        As for `forecast`.
    workers
        Slots, at least one.

    Raises
    ------
    UnknownTask, WorkersRefused
        As for `forecast`.
    """
    _check_workers([workers])
    ranked = _rank(schedule, edges)
    return _predicted(schedule, ranked, simulate(ranked, workers))


def _predicted(schedule: Ordered, ranked: RankedTasks, run: Simulated) -> tuple[PredictedTask, ...]:
    return tuple(
        PredictedTask(task=task, start_seconds=start / 1e6, end_seconds=(start + duration) / 1e6, slot=slot)
        for task, start, duration, slot in zip(
            schedule.ordered_tasks, run.starts, ranked.durations, run.slots, strict=True
        )
    )


def forecast_ranked(
    tasks: RankedTasks, length: int, workers: Sequence[int], *, least: int = 0
) -> tuple[MakespanForecast, ...]:
    """Simulate ranked tasks whose critical path has `length` microseconds; nothing ends before `least`."""
    total = sum(tasks.durations)
    results: list[MakespanForecast] = []
    for count in workers:
        makespan = max(least, total if count == 1 else simulate(tasks, count).makespan)
        # total / count, rounded up: a schedule ends on a whole microsecond.
        bound = max(least, length, -(-total // count))
        results.append(
            MakespanForecast(
                workers=count,
                makespan_seconds=makespan / 1e6,
                lower_bound_seconds=bound / 1e6,
                utilisation=total / (makespan * count) if makespan else 0.0,
            )
        )
    return tuple(results)


def _check_workers(workers: Sequence[int]) -> None:
    for count in workers:
        if count < 1:
            raise WorkersRefused(f"A forecast for {count} workers was asked for", suggestion="Ask for at least one.")


def _rank(schedule: Ordered, edges: Iterable[tuple[str, str]]) -> RankedTasks:
    order: Mapping[str, int] = {task: rank for rank, task in enumerate(schedule.ordered_tasks)}
    given = list(edges)
    strangers = sorted({name for edge in given for name in edge} - order.keys())
    problems: list[PlanError] = [
        UnknownTask(f"An edge names `{name}`, which is not scheduled", subject=name, suggestion="Leave its edges out.")
        for name in strangers
    ]
    raise_all(problems)
    count = len(order)
    sources = np.fromiter((order[edge[0]] for edge in given), dtype=np.int64, count=len(given))
    targets = np.fromiter((order[edge[1]] for edge in given), dtype=np.int64, count=len(given))
    seconds = np.fromiter((schedule.task_costs[task] for task in schedule.ordered_tasks), dtype=np.float64, count=count)
    return rank_tasks(pack_edges(count, sources, targets), to_microseconds(seconds), np.arange(count, dtype=np.int64))
