"""What a number of workers would buy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from plan_contracts import MakespanForecast
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.durations import to_microseconds
from plan_scheduler.edge_arrays import pack_edges
from plan_scheduler.errors import UnknownTask, WorkersRefused
from plan_scheduler.simulation import RankedTasks, rank_tasks, simulate

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


def forecast(
    schedule: Ordered, edges: Iterable[tuple[str, str]], workers: Sequence[int] = WORKERS
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
        When fewer than one worker is asked for.

    Examples
    --------
    >>> from plan_scheduler import schedule_edges
    >>> schedule = schedule_edges(["a", "b", "c"], [("a", "b"), ("a", "c")], {"a": 1, "b": 5, "c": 2})
    >>> [result.makespan_seconds for result in forecast(schedule, schedule.edges, workers=[1, 2])]
    [8.0, 6.0]
    """
    _check_workers(workers)
    length = round(schedule.critical_path_length_weighted * 1e6)
    return forecast_ranked(_rank(schedule, edges), length, workers)


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
    run = simulate(ranked, workers)
    return tuple(
        PredictedTask(task=task, start_seconds=start / 1e6, end_seconds=(start + duration) / 1e6, slot=slot)
        for task, start, duration, slot in zip(
            schedule.ordered_tasks, run.starts, ranked.durations, run.slots, strict=True
        )
    )


def forecast_ranked(tasks: RankedTasks, length: int, workers: Sequence[int]) -> tuple[MakespanForecast, ...]:
    """Simulate ranked tasks whose critical path has `length` microseconds."""
    total = sum(tasks.durations)
    results: list[MakespanForecast] = []
    for count in workers:
        makespan = total if count == 1 else simulate(tasks, count).makespan
        # total / count, rounded up: a schedule ends on a whole microsecond.
        bound = max(length, -(-total // count))
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
