"""Seconds from statistics: a constant per task, and something per operator, byte and row."""

from collections.abc import Sequence
from dataclasses import dataclass

from plan_contracts import Statistics, Task, ViewStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """Non-negative coefficients, in seconds.

    The defaults were fitted on 43 views over TPC-H data at scale 0.01 on two cores, Parquet to Parquet on a local disk.
    Held against other runs of these, the sum was right to a tenth and the median relative error of a view about a half.
    `plan_scheduler.fit_cost_model` gives those of a machine.
    """

    per_task: float = 0.005
    """Planning a small query, opening inputs, writing and syncing an output."""
    per_operator: float = 0.0003
    """Each operator of a view's optimised plan."""
    per_byte_in: float = 1.0e-9
    """Each byte of the projected columns that are read."""
    per_row_in: float = 7.0e-8
    """Each row that is read."""
    per_row_out: float = 5.0e-7
    """Each row that is written."""
    expected_relative_error: float | None = None
    """Median relative error that the coefficients had where they come from; none when that was not measured."""

    def seconds(self, views: Sequence[ViewStatistics]) -> float:
        """Predict the duration of a task from what its views read, upstream first, and the last of them writes.

        Numbers that are not known count nothing.
        """
        reading = sum(
            self.per_operator * view.operators
            + self.per_byte_in * (view.bytes_in or 0)
            + self.per_row_in * (view.rows_in or 0)
            for view in views
        )
        return self.per_task + reading + self.per_row_out * (views[-1].rows_out or 0)


@dataclass(frozen=True, slots=True)
class TaskSize:
    """What a task reads, as far as it is known."""

    rows_in: int | None
    """Rows of all inputs."""
    bytes_in: int | None
    """Bytes of all inputs."""


def known_views(task: Task, statistics: dict[str, ViewStatistics]) -> list[ViewStatistics] | None:
    """Give the statistics of a task's views; none unless there are some for each, with a size of what is read."""
    found = [statistics.get(view) for view in task.views]
    known = [view for view in found if view is not None and (view.rows_in is not None or view.bytes_in is not None)]
    return known if known and len(known) == len(found) else None


def expected_rows_in(task: Task, statistics: Statistics) -> int | None:
    """Give the rows that the views of a task are expected to read, each by itself; none when one does not know."""
    return size_of(known_views(task, statistics.views)).rows_in


def size_of(views: list[ViewStatistics] | None) -> TaskSize:
    """Add up what the views of a task read; what one of them does not know is not known."""
    if views is None:
        return TaskSize(rows_in=None, bytes_in=None)
    rows = [view.rows_in for view in views]
    sizes = [view.bytes_in for view in views]
    known_rows = [row for row in rows if row is not None]
    known_sizes = [size for size in sizes if size is not None]
    return TaskSize(
        rows_in=sum(known_rows) if len(known_rows) == len(rows) else None,
        bytes_in=sum(known_sizes) if len(known_sizes) == len(sizes) else None,
    )
