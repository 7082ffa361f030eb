"""The cost model, fitted on what tasks did cost on this machine."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from plan_contracts import TaskHistoryEntry
from plan_scheduler.cost_model import CostModel

ENOUGH = 8
"""Definitions with known input below which nothing is fitted."""

TRIMMED = 0.1
"""Share of the definitions, those farthest from a first fit, that the second fit leaves out."""


SHORTEST = 1e-6
"""Seconds below which a duration is a broken clock's."""


def fit_cost_model(history: Mapping[str, Sequence[TaskHistoryEntry]]) -> CostModel | None:
    """Fit a constant per task and coefficients per byte read, row read and row written, none of them negative.

    Parameters
    ----------
    history
        Past executions on this machine by definition.

    Returns
    -------
    CostModel | None
        Coefficients, rounded to four digits, with the median relative error of the fit; none for fewer than `ENOUGH`
        definitions whose input is known. What operators cost is part of the constant, since history does not count
        them.

    Notes
    -----
    Each definition counts once, with its execution of median duration, so that neither one outlier nor one task that
    runs each minute dominates. Relative errors are minimised: weighted least squares with weights 1 / seconds. With
    four coefficients the non-negative optimum is the best of the unconstrained optima over all subsets.
    """
    samples = [sample for definition in sorted(history) if (sample := _median_entry(history[definition])) is not None]
    if len(samples) < ENOUGH:
        return None
    features = np.array([_features(sample) for sample in samples], dtype=np.float64)
    seconds = np.array([sample.seconds for sample in samples], dtype=np.float64)
    first = _fit(features, seconds)
    errors = _relative_errors(features @ first, seconds)
    kept = np.sort(np.argsort(errors, kind="stable")[: max(ENOUGH, math.ceil(len(samples) * (1 - TRIMMED)))])
    coefficients = _fit(features[kept], seconds[kept])
    error = _median(_relative_errors(features @ coefficients, seconds))
    per_task, per_byte, per_row_in, per_row_out = (float(f"{value:.4g}") for value in coefficients.tolist())
    return CostModel(
        per_task=per_task,
        per_operator=0.0,
        per_byte_in=per_byte,
        per_row_in=per_row_in,
        per_row_out=per_row_out,
        expected_relative_error=float(f"{error:.4g}"),
    )


def _median(values: NDArray[np.float64]) -> float:
    """Give the median without `numpy.median`, whose import of masked arrays takes longer than the fit."""
    ordered = np.sort(values).tolist()
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _median_entry(entries: Sequence[TaskHistoryEntry]) -> TaskHistoryEntry | None:
    usable = sorted(
        (
            entry
            for entry in entries
            if entry.seconds >= SHORTEST and math.isfinite(entry.seconds) and (entry.rows_in or entry.bytes_read)
        ),
        key=lambda entry: (entry.seconds, entry.rows_in or 0, entry.bytes_read or 0, entry.rows_out or 0),
    )
    return usable[(len(usable) - 1) // 2] if usable else None


def _features(entry: TaskHistoryEntry) -> tuple[float, float, float, float]:
    return 1.0, float(entry.bytes_read or 0), float(entry.rows_in or 0), float(entry.rows_out or 0)


def _relative_errors(predicted: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.abs(predicted - seconds) / seconds


def _fit(features: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the non-negative coefficients with the least sum of squared relative errors."""
    weighted = features / seconds[:, np.newaxis]
    # Columns of like size keep the problem well conditioned: rows and bytes are millions, the constant is one.
    sizes = np.maximum(np.abs(weighted).max(axis=0), 1e-300)
    scaled = weighted / sizes
    wanted = np.ones(len(seconds))
    columns = features.shape[1]
    best, least = np.zeros(columns), float(wanted @ wanted)
    for size in range(1, columns + 1):
        for subset in combinations(range(columns), size):
            chosen = list(subset)
            solution = np.asarray(np.linalg.lstsq(scaled[:, chosen], wanted, rcond=None)[0], dtype=np.float64)
            if (solution < 0).any():
                continue
            residual = np.asarray(scaled[:, chosen] @ solution - wanted, dtype=np.float64)
            loss = float(residual @ residual)
            if loss < least * (1 - 1e-12):
                best, least = np.zeros(columns), loss
                best[chosen] = solution
    return best / sizes
