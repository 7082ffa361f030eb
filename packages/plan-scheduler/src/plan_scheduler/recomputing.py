"""What it costs to compute a view in each of its readers, beside computing it once and keeping the result."""

from dataclasses import dataclass

from plan_contracts import LogicalNode, ViewStatistics
from plan_scheduler.cost_model import CostModel

PER_HELD_ROW = 3.0e-7
"""Seconds for each row that joins, groups, windows and sorts hold in memory, beyond that of taking it in."""

WORTH_KEEPING_SECONDS = 1.0
"""Work from which the result of a view with one reader is kept where that is cheap, so that a change of the reader does
not repeat it."""

CHEAP_TO_KEEP = 0.05
"""Share of its work up to which keeping a result is cheap."""

_MODEL = CostModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewWork:
    """Seconds and bytes of one view, by the documented coefficients: neither machine nor history enters."""

    compute: float
    """Computing it, once its inputs can be read."""
    write: float
    """Writing its result."""
    read: float
    """Reading its result back, once."""
    held_bytes: int
    """Memory that it holds while it is computed."""
    known: bool
    """Whether statistics say anything of it; without them everything is 0."""


def view_work(node: LogicalNode, statistics: ViewStatistics | None) -> ViewWork:
    """Estimate the work of a view; a declared cost stands for computing it and writing its result."""
    if statistics is None or statistics.rows_out is None:
        known = node.declared_cost is not None
        return ViewWork(compute=node.declared_cost or 0.0, write=0.0, read=0.0, held_bytes=0, known=known)
    write = _MODEL.per_task + _MODEL.per_row_out * statistics.rows_out
    compute = (
        _MODEL.per_operator * statistics.operators
        + _MODEL.per_byte_in * (statistics.bytes_in or 0)
        + _MODEL.per_row_in * (statistics.rows_worked or statistics.rows_in or 0)
        + PER_HELD_ROW * (statistics.rows_held or 0)
    )
    if node.declared_cost is not None:
        compute = max(0.0, node.declared_cost - write)
    return ViewWork(
        compute=compute,
        write=write,
        read=_MODEL.per_row_in * statistics.rows_out,
        held_bytes=statistics.bytes_held or 0,
        known=True,
    )


def keeping_pays(work: ViewWork, seconds: float, readers: int) -> bool:
    """Say whether a result is better kept than computed in each reader.

    Parameters
    ----------
    work
        What writing and reading it costs.
    seconds
        Computing it once, with everything that is computed inside it.
    readers
        How often it would be computed, at least 1.
    """
    keeping = work.write + readers * work.read
    if readers == 1:
        return seconds >= WORTH_KEEPING_SECONDS and keeping <= CHEAP_TO_KEEP * seconds
    return not work.known or (readers - 1) * seconds > keeping
