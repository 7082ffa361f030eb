"""Rows and bytes, exact from files or estimated for what does not exist yet."""

from plan_contracts.base import Contract
from plan_contracts.evidence import Exactness
from plan_contracts.scalars import ByteCount, Count, Name, Rows


class ViewStatistics(Contract, frozen=True, kw_only=True):
    """What a view reads and gives; unknown is none, never 0."""

    view: Name
    """The view."""
    rows_in: Rows | None = None
    """Rows of all inputs together."""
    bytes_in: ByteCount | None = None
    """Bytes of the projected columns of all inputs together."""
    rows_out: Rows | None = None
    """Rows of the result."""
    bytes_out: ByteCount | None = None
    """Bytes of the result in memory, about."""
    rows_worked: Rows | None = None
    """Rows that its scans, filters, joins, aggregates, windows and sorts take in, together."""
    rows_held: Rows | None = None
    """Rows that it holds in memory at once at most: the smaller side of joins, groups, windows and sorts."""
    bytes_held: ByteCount | None = None
    """Bytes of these rows, about."""
    operators: Count = 0
    """Operators in the view's optimised logical plan."""
    exactness: Exactness = Exactness.UNKNOWN
    """`exact` only when each number is."""


class Statistics(Contract, frozen=True, kw_only=True):
    """Statistics of each view that could be planned."""

    views: dict[Name, ViewStatistics]
    """By view."""
    checks: dict[Name, ViewStatistics] = {}
    """What each check of a dataset or view reads, by the name of what is checked."""
    scans: dict[Name, ViewStatistics] = {}
    """What each scan of a dataset reads, by dataset."""
