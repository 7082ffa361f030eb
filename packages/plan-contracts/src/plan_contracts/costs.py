"""What tasks are expected to cost, and how each figure came about."""

from enum import StrEnum

from plan_contracts.base import Contract
from plan_contracts.scalars import Name, Ratio, Seconds


class CostSource(StrEnum):
    """Where a cost was taken from, the most trusted first."""

    DECLARED = "declared"
    HISTORY = "history"
    STATISTICS = "statistics"
    DEFAULT = "default"


class TaskCost(Contract, frozen=True, kw_only=True):
    """The expected duration of one task."""

    seconds: Seconds
    """A multiple of a microsecond; may be 0."""
    source: CostSource
    """Where it was taken from."""
    expected_relative_error: Ratio | None = None
    """Median relative error that this source has had; none when unknown."""


class CostTable(Contract, frozen=True, kw_only=True):
    """The cost of each task. Its artifact id is the cost table id, with which a plan can be reproduced."""

    costs: dict[Name, TaskCost]
    """By task."""
