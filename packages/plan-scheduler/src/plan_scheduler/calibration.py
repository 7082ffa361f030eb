"""How well predicted durations agree with actual ones."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Errors relative to the actual durations; 0.5 is half as much again."""

    tasks: int
    """Tasks that were compared."""
    bias: float
    """Median of (predicted - actual) / actual; above 0 where predictions are too long."""
    median_error: float
    """Median of the same without its sign."""
    p90_error: float
    """90th percentile of the same without its sign."""
    total_ratio: float
    """Sum of the predicted over the sum of the actual durations."""


def calibration(predicted: Mapping[str, float], actual: Mapping[str, float]) -> Calibration | None:
    """Compare predicted with actual seconds.

    Parameters
    ----------
    predicted, actual
        Seconds by task; tasks that only one of them has, and those that took no measurable time, do not count.

    Returns
    -------
    Calibration | None
        None when no task can be compared. Percentiles are values that occurred (nearest rank).

    Examples
    --------
    >>> calibration({"a": 1.0, "b": 3.0, "c": 2.0}, {"a": 2.0, "b": 2.0, "c": 2.0}).bias
    0.0
    """
    pairs = [
        (predicted[task], actual[task])
        for task in sorted(predicted.keys() & actual.keys())
        if actual[task] > 0 and math.isfinite(actual[task])
    ]
    if not pairs:
        return None
    signed = sorted((guess - truth) / truth for guess, truth in pairs)
    errors = sorted(abs(error) for error in signed)
    return Calibration(
        tasks=len(pairs),
        bias=_percentile(signed, 0.5),
        median_error=_percentile(errors, 0.5),
        p90_error=_percentile(errors, 0.9),
        total_ratio=math.fsum(guess for guess, _ in pairs) / math.fsum(truth for _, truth in pairs),
    )


def _percentile(values: list[float], share: float) -> float:
    """Give the nearest-rank percentile of ascending values."""
    return values[max(0, math.ceil(share * len(values)) - 1)]
