"""Costs: which source wins, and that no history wrecks the order."""

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
    artifact_id,
)
from plan_scheduler import DEFAULT_SECONDS, CostModel, estimate_costs

D = "d" * 64


def task(name: str = "v", declared: float | None = None, views: tuple[str, ...] | None = None) -> Task:
    return Task(
        name=name,
        kind=TaskKind.VIEW,
        views=views or (name,),
        outputs=(name,),
        definition=D,
        declared_cost=declared,
    )


def tasks(*given_tasks: Task) -> TaskGraph:
    return TaskGraph(tasks=given_tasks, edges=())


def statistics(rows: int | None = 1_000_000, size: int | None = 8_000_000, name: str = "v") -> Statistics:
    return Statistics(views={name: ViewStatistics(view=name, rows_in=rows, bytes_in=size, rows_out=10, operators=4)})


def past(*seconds: float, rows: int | None = None, size: int | None = None) -> dict[str, list[TaskHistoryEntry]]:
    return {
        D: [TaskHistoryEntry(task="v", definition=D, seconds=one, rows_in=rows, bytes_read=size) for one in seconds]
    }


def estimate(
    history: dict[str, list[TaskHistoryEntry]] | None = None,
    known: Statistics | None = None,
    declared: float | None = None,
) -> tuple[float, CostSource]:
    table = estimate_costs(tasks(task(declared=declared)), known or Statistics(views={}), history=history)
    cost = table.costs["v"]
    return cost.seconds, cost.source


def test_costs_declared_wins_over_all() -> None:
    assert estimate(past(9, 9, 9), statistics(), declared=0.123_456_7) == (0.123_457, CostSource.DECLARED)
    assert estimate(past(9, 9, 9), statistics(), declared=0) == (0, CostSource.DECLARED)


def test_costs_history_wins_over_statistics() -> None:
    assert estimate(past(2.0, 2.5, 3.0), statistics()) == (2.5, CostSource.HISTORY)


def test_costs_statistics_win_over_default() -> None:
    seconds, source = estimate(None, statistics())
    model = CostModel()
    expected = model.per_task + 4 * model.per_operator + 8e6 * model.per_byte_in + 1e6 * model.per_row_in
    assert source is CostSource.STATISTICS
    assert seconds == pytest.approx(expected + 10 * model.per_row_out, abs=1e-6)


def test_costs_nothing_known_is_default() -> None:
    assert estimate() == (DEFAULT_SECONDS, CostSource.DEFAULT)
    assert estimate(None, statistics(rows=None, size=None)) == (DEFAULT_SECONDS, CostSource.DEFAULT)


def test_costs_history_of_other_definition_does_not_count() -> None:
    other = {"e" * 64: past(5.0)[D]}
    assert estimate(other) == (DEFAULT_SECONDS, CostSource.DEFAULT)


def test_costs_grown_input_scales_history() -> None:
    fixed = CostModel().per_task
    seconds, _ = estimate(past(1.0, 1.0, 1.0, rows=500_000), statistics(rows=1_000_000))
    assert seconds == pytest.approx(fixed + 2 * (1 - fixed), abs=1e-6)
    seconds, _ = estimate(past(1.0, 1.0, 1.0, size=4_000_000), statistics(rows=None))
    assert seconds == pytest.approx(fixed + 2 * (1 - fixed), abs=1e-6)


def test_costs_wildly_grown_input_scales_within_bounds() -> None:
    seconds, _ = estimate(past(1.0, 1.0, 1.0, rows=1), statistics(rows=10**12))
    assert seconds == pytest.approx(10, rel=0.01)
    seconds, _ = estimate(past(1.0, 1.0, 1.0, rows=10**12), statistics(rows=1))
    assert seconds == pytest.approx(0.1, rel=0.05)


def test_costs_one_outlier_of_a_day_changes_nothing() -> None:
    assert estimate(past(86_400, 1.0, 1.1, 0.9), statistics())[0] == pytest.approx(1.0, abs=0.11)


def test_costs_single_outlier_stays_near_the_model() -> None:
    modelled, _ = estimate(None, statistics())
    assert estimate(past(86_400), statistics())[0] == pytest.approx(100 * modelled, rel=1e-3)
    assert estimate(past(1e-9), statistics())[0] == pytest.approx(modelled / 100, rel=1e-2)


def test_costs_history_of_zeros_is_ignored() -> None:
    assert estimate(past(0, 0, 0), statistics())[1] is CostSource.STATISTICS
    assert estimate(past(0, float("inf"), 2.0)) == (2.0, CostSource.HISTORY)


def test_costs_only_recent_history_counts() -> None:
    assert estimate(past(*[1.0] * 9, *[50.0] * 40)) == (1.0, CostSource.HISTORY)


def test_costs_history_says_expected_error() -> None:
    table = estimate_costs(tasks(task()), Statistics(views={}), history=past(1.0, 2.0, 4.0))
    assert table.costs["v"].expected_relative_error == 0.5
    table = estimate_costs(tasks(task()), Statistics(views={}), history=past(1.0))
    assert table.costs["v"].expected_relative_error is None


def test_costs_fused_task_adds_what_its_views_read_and_what_the_last_one_writes() -> None:
    known = Statistics(views={**statistics(name="a").views, **statistics(name="b").views})
    one = estimate_costs(tasks(task("a")), known).costs["a"].seconds
    both = estimate_costs(tasks(task("ab", views=("a", "b"))), known).costs["ab"]
    once = CostModel().per_task + 10 * CostModel().per_row_out
    assert both.seconds == pytest.approx(2 * one - once, abs=2e-6)
    half = estimate_costs(tasks(task("az", views=("a", "z"))), known).costs["az"]
    assert half.source is CostSource.DEFAULT


@given(st.permutations(["a", "b", "c", "d"]), st.lists(st.floats(0, 1e6), max_size=6))
def test_costs_permuted_tasks_give_same_table(names: list[str], seconds: list[float]) -> None:
    def table(order: list[str]) -> str:
        return artifact_id(estimate_costs(tasks(*map(task, order)), Statistics(views={}), history=past(*seconds)))

    assert table(names) == table(sorted(names))


@given(st.lists(st.floats(0, 1e9), max_size=12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_costs_any_history_gives_finite_multiple_of_a_microsecond(seconds: list[float], now: int, then: int) -> None:
    cost, _ = estimate(past(*seconds, rows=then), statistics(rows=now))
    assert cost >= 0
    assert cost == round(cost * 1e6) / 1e6
