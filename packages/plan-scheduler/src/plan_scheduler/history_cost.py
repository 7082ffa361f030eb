"""A robust duration from what the same definition did cost before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plan_contracts import TaskHistoryEntry
from plan_scheduler.cost_model import TaskSize

RECENT = 9
"""Entries that count, the newest ones."""

MAX_SCALE = 10.0
"""A past duration is scaled at most by this factor up or down, however much the input grew or shrank."""

FEW = 3
"""Below this many entries an outlier cannot be told from the truth, so the model holds the result in bounds."""

MAX_DEPARTURE = 100.0
"""With few entries the result departs from the model at most by this factor."""


@dataclass(frozen=True, slots=True)
class HistoryCost:
    """What history says."""

    seconds: float
    """Expected duration."""
    relative_error: float | None
    """Median relative error of this estimate on the entries themselves; none for fewer than `FEW`."""


def cost_from_history(
    entries: Sequence[TaskHistoryEntry], size: TaskSize, *, fixed_seconds: float, modelled_seconds: float | None
) -> HistoryCost | None:
    """Give the lower median of past durations, scaled to the size of the present input.

    Parameters
    ----------
    entries
        Past executions of the same definition, the newest first.
    size
        What the task reads now.
    fixed_seconds
        The part of a duration that does not grow with the input, and is not scaled.
    modelled_seconds
        What the statistics say; none when they say nothing.

    Returns
    -------
    HistoryCost | None
        None when no entry has a duration that a task can have: zeros and infinities come from broken clocks.
    """
    usable = [entry for entry in entries if entry.seconds > 0 and math.isfinite(entry.seconds)][:RECENT]
    if not usable:
        return None
    scaled = sorted(_scaled(entry, size, fixed_seconds) for entry in usable)
    seconds = scaled[(len(scaled) - 1) // 2]
    if len(usable) < FEW:
        if modelled_seconds is not None:
            seconds = min(max(seconds, modelled_seconds / MAX_DEPARTURE), modelled_seconds * MAX_DEPARTURE)
        return HistoryCost(seconds=seconds, relative_error=None)
    errors = sorted(abs(past - seconds) / past for past in scaled)
    return HistoryCost(seconds=seconds, relative_error=errors[(len(errors) - 1) // 2])


def _scaled(entry: TaskHistoryEntry, size: TaskSize, fixed_seconds: float) -> float:
    then = entry.expected_rows_in if entry.expected_rows_in is not None else entry.rows_in
    ratio = _ratio(size.rows_in, then) or _ratio(size.bytes_in, entry.bytes_read) or 1.0
    fixed = min(fixed_seconds, entry.seconds)
    return fixed + (entry.seconds - fixed) * min(max(ratio, 1 / MAX_SCALE), MAX_SCALE)


def _ratio(now: int | None, then: int | None) -> float | None:
    if now is None or not then:
        return None
    return now / then
