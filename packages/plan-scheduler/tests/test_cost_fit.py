"""The fitted cost model, held against the coefficients that made the history, and calibration."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import (
    CostSource,
    Statistics,
    Task,
    TaskGraph,
    TaskHistoryEntry,
    TaskKind,
    ViewStatistics,
)
from plan_scheduler import Calibration, CostModel, calibration, estimate_costs, fit_cost_model

History = dict[str, list[TaskHistoryEntry]]
TRUTH = CostModel(per_task=0.02, per_operator=0, per_byte_in=2e-9, per_row_in=5e-8, per_row_out=3e-7)


def make_history(truth: CostModel, count: int, seed: int, noise: float = 0.0) -> History:
    chooser = random.Random(seed)
    history: History = {}
    for number in range(count):
        rows, width = int(10 ** chooser.uniform(3, 7)), chooser.uniform(8, 200)
        view = ViewStatistics(view="v", rows_in=rows, bytes_in=int(rows * width), rows_out=chooser.randint(1, rows))
        definition = f"{number:064x}"
        history[definition] = [
            TaskHistoryEntry(
                task=f"t{number}",
                definition=definition,
                seconds=truth.seconds([view]) * chooser.uniform(1 - noise, 1 + noise),
                rows_in=view.rows_in,
                bytes_read=view.bytes_in,
                rows_out=view.rows_out,
            )
            for _ in range(3)
        ]
    return history


@pytest.mark.parametrize("seed", range(4))
def test_fit_exact_history_finds_the_coefficients(seed: int) -> None:
    found = fit_cost_model(make_history(TRUTH, 40, seed))
    assert found is not None
    for name in ("per_task", "per_byte_in", "per_row_in", "per_row_out"):
        assert getattr(found, name) == pytest.approx(getattr(TRUTH, name), rel=0.01)
    assert found.expected_relative_error == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_fit_noisy_history_with_outliers_predicts_well(seed: int) -> None:
    history = make_history(TRUTH, 60, seed, noise=0.2)
    for definition in sorted(history)[:4]:
        history[definition] = [
            TaskHistoryEntry(task="t", definition=definition, seconds=86_400, rows_in=10, bytes_read=80, rows_out=1)
        ]
    found = fit_cost_model(history)
    assert found is not None
    view = ViewStatistics(view="v", rows_in=1_000_000, bytes_in=50_000_000, rows_out=1_000)
    assert found.seconds([view]) == pytest.approx(TRUTH.seconds([view]), rel=0.35)


def test_fit_too_little_history_gives_nothing() -> None:
    assert fit_cost_model(make_history(TRUTH, 7, 1)) is None
    assert fit_cost_model({}) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12)),
        min_size=8,
        max_size=20,
    )
)
def test_fit_any_history_has_no_negative_coefficient(measured: list[tuple[float, int, int, int]]) -> None:
    history = {
        f"{number:064x}": [
            TaskHistoryEntry(
                task="t",
                definition=f"{number:064x}",
                seconds=seconds,
                rows_in=rows,
                bytes_read=size,
                rows_out=written,
            )
        ]
        for number, (seconds, rows, size, written) in enumerate(measured)
    }
    found = fit_cost_model(history)
    if found is not None:
        assert min(found.per_task, found.per_byte_in, found.per_row_in, found.per_row_out) >= 0


def test_estimate_new_task_uses_the_model_of_the_history() -> None:
    task = Task(name="new", kind=TaskKind.VIEW, views=("new",), outputs=("new",), definition="f" * 64)
    view = ViewStatistics(view="new", rows_in=2_000_000, bytes_in=90_000_000, rows_out=5, operators=12)
    history = make_history(TRUTH, 40, 3)
    cost = estimate_costs(TaskGraph(tasks=(task,), edges=()), Statistics(views={"new": view}), history=history)
    assert cost.costs["new"].source is CostSource.STATISTICS
    assert cost.costs["new"].seconds == pytest.approx(TRUTH.seconds([view]), rel=0.01)
    assert cost.costs["new"].expected_relative_error is not None


def test_calibration_gives_bias_median_and_p90() -> None:
    actual = {f"t{number}": 1.0 for number in range(10)}
    predicted = {f"t{number}": 1.0 + number / 10 for number in range(10)}
    found = calibration({**predicted, "other": 5.0}, {**actual, "instant": 0.0})
    assert found is not None
    assert found.tasks == 10
    assert (found.bias, found.median_error, found.p90_error) == (
        pytest.approx(0.4),
        pytest.approx(0.4),
        pytest.approx(0.8),
    )
    assert found.total_ratio == pytest.approx(1.45)


def test_calibration_too_short_predictions_have_negative_bias() -> None:
    found = calibration({"a": 1.0}, {"a": 4.0})
    assert found == Calibration(tasks=1, bias=-0.75, median_error=0.75, p90_error=0.75, total_ratio=0.25)


def test_calibration_nothing_in_common_is_none() -> None:
    assert calibration({"a": 1.0}, {"b": 1.0}) is None
