"""What each task is expected to cost, and where the figure comes from."""

from collections.abc import Mapping, Sequence

from plan_contracts import (
    CostSource,
    CostTable,
    Statistics,
    Task,
    TaskCost,
    TaskGraph,
    TaskHistoryEntry,
    TaskKind,
    ViewStatistics,
)
from plan_scheduler.cost_fit import fit_cost_model
from plan_scheduler.cost_model import CostModel, known_views, size_of
from plan_scheduler.durations import round_to_microseconds
from plan_scheduler.history_cost import cost_from_history

DEFAULT_SECONDS = 1.0
"""Cost of a task of which nothing is known at all."""


def estimate_costs(
    tasks: TaskGraph,
    statistics: Statistics,
    *,
    history: Mapping[str, Sequence[TaskHistoryEntry]] | None = None,
    model: CostModel | None = None,
    default_seconds: float = DEFAULT_SECONDS,
) -> CostTable:
    """Estimate the duration of each task: declared, else from history, else from statistics, else a default.

    Parameters
    ----------
    tasks
        Tasks with what their views declare.
    statistics
        Rows and bytes by view.
    history
        Past executions on this machine by definition, the newest first; none when history must not count.
    model
        Coefficients for the estimate from statistics; when omitted those fitted on the history, where it suffices,
        else the documented ones of `CostModel`.
    default_seconds
        Cost of a task of which nothing is known.

    Returns
    -------
    CostTable
        Multiples of a microsecond. Depends on the arguments alone, not on the order of tasks or time of day.
    """
    past = history or {}
    used = model or fit_cost_model(past) or CostModel()
    return CostTable(
        costs={
            task.name: _estimate(task, statistics, past.get(task.definition, ()), used, default_seconds)
            for task in sorted(tasks.tasks, key=lambda task: task.name)
        }
    )


def _sizes(task: Task, statistics: Statistics) -> list[ViewStatistics] | None:
    """Give what is known of the views that a task computes, or of what a check or a scan reads."""
    if task.kind is TaskKind.SCAN:
        found = [statistics.scans.get(dataset) for dataset in task.datasets]
        return [each for each in found if each is not None and each.bytes_in is not None] or None
    if task.kind is not TaskKind.CHECK:
        return known_views(task, statistics.views)
    found = [statistics.checks.get(name) for name in (*task.views, *task.datasets)]
    known = [each for each in found if each is not None and (each.rows_in is not None or each.bytes_in is not None)]
    return known * len(task.checks) or None


def _estimate(
    task: Task, statistics: Statistics, past: Sequence[TaskHistoryEntry], model: CostModel, default_seconds: float
) -> TaskCost:
    if task.declared_cost is not None:
        return TaskCost(seconds=round_to_microseconds(task.declared_cost), source=CostSource.DECLARED)
    views = _sizes(task, statistics)
    modelled = None if views is None else model.seconds(views)
    found = cost_from_history(past, size_of(views), fixed_seconds=model.per_task, modelled_seconds=modelled)
    if found is not None:
        return TaskCost(
            seconds=round_to_microseconds(found.seconds),
            source=CostSource.HISTORY,
            expected_relative_error=found.relative_error,
        )
    if modelled is not None:
        return TaskCost(
            seconds=round_to_microseconds(modelled),
            source=CostSource.STATISTICS,
            expected_relative_error=model.expected_relative_error,
        )
    return TaskCost(seconds=round_to_microseconds(default_seconds), source=CostSource.DEFAULT)
