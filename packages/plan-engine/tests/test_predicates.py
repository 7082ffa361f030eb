"""Predicates: what statistics rule out holds for no row, and their SQL means what they mean."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence

import pyarrow as pa
import pytest
from datafusion import SessionContext
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_engine.plan_predicates import scan_conditions
from plan_engine.predicates import AllOf, AnyOf, Bounds, Comparison, NullTest, Predicate, may_hold, sql_of

Row = dict[str, int | None]

COLUMNS = ("a", "b")
_VALUES = st.integers(min_value=-3, max_value=3)
_LEAVES = st.one_of(
    st.builds(
        Comparison,
        column=st.sampled_from(COLUMNS),
        operator=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        value=_VALUES,
    ),
    st.builds(NullTest, column=st.sampled_from(COLUMNS), null=st.booleans()),
)
PREDICATES: st.SearchStrategy[Predicate] = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)]))
    ),
    max_leaves=6,
)
ROWS = st.lists(st.fixed_dictionaries({column: st.none() | _VALUES for column in COLUMNS}), min_size=1, max_size=6)


def _passes(predicate: Predicate, row: Row) -> bool:
    """Say whether a row passes; null compares as neither true nor false, which lets no row pass."""
    match predicate:
        case AllOf(parts):
            return all(_passes(part, row) for part in parts)
        case AnyOf(parts):
            return any(_passes(part, row) for part in parts)
        case NullTest():
            return (row[predicate.column] is None) == predicate.null
        case Comparison():
            value, constant = row[predicate.column], predicate.value
            if value is None or not isinstance(constant, int):
                return False
            results = {"=": value == constant, "!=": value != constant, "<": value < constant}
            results |= {"<=": value <= constant, ">": value > constant, ">=": value >= constant}
            return results[predicate.operator]


def _bounds(rows: Sequence[Row], column: str) -> Bounds:
    known = [value for row in rows if (value := row[column]) is not None]
    return Bounds(
        least=min(known, default=None), most=max(known, default=None), nulls=len(rows) - len(known), rows=len(rows)
    )


@given(predicate=PREDICATES, rows=ROWS)
@settings(max_examples=400)
def test_part_that_is_ruled_out_holds_no_row_that_passes(predicate: Predicate, rows: list[Row]) -> None:
    if any(_passes(predicate, row) for row in rows):
        assert may_hold(predicate, lambda column: _bounds(rows, column))


@given(predicate=PREDICATES, row=ROWS.map(lambda rows: rows[0]))
@settings(max_examples=400)
def test_part_of_one_row_is_ruled_out_exactly_when_the_row_does_not_pass(predicate: Predicate, row: Row) -> None:
    assert may_hold(predicate, lambda column: _bounds([row], column)) == _passes(predicate, row)


@given(predicate=PREDICATES, rows=ROWS)
@settings(max_examples=40)
@pytest.mark.timeout(60)
def test_sql_of_a_predicate_lets_the_same_rows_pass(predicate: Predicate, rows: list[Row]) -> None:
    context = SessionContext()
    table = pa.table({column: pa.array([row[column] for row in rows], pa.int64()) for column in COLUMNS})
    context.register_record_batches("t", [table.to_batches()])
    passed = context.sql(f"select count(*) as c from t where {sql_of(predicate)}").to_pylist()[0]["c"]
    assert passed == sum(_passes(predicate, row) for row in rows)


@given(predicate=PREDICATES)
@settings(max_examples=60)
@pytest.mark.timeout(60)
def test_conditions_read_from_a_plan_let_every_needed_row_pass(predicate: Predicate) -> None:
    context = SessionContext()
    empty = pa.RecordBatch.from_pylist([], schema=pa.schema([(column, pa.int64()) for column in COLUMNS]))
    context.register_record_batches("t", [[empty]])
    plan = context.sql(f"select a from t where {sql_of(predicate)}").optimized_logical_plan()
    conditions = scan_conditions(plan, plan.display_indent()).get("t", ((),))
    everything = [{"a": a, "b": b} for a in (None, *range(-4, 5)) for b in (None, *range(-4, 5))]
    for row in everything:
        if _passes(predicate, row):
            assert any(_passes(AllOf(scan), row) for scan in conditions)


def test_nothing_known_rules_nothing_out() -> None:
    test = Comparison(column="a", operator="=", value=1)
    assert may_hold(test, lambda _: None)
    assert may_hold(test, lambda _: Bounds())
    assert may_hold(test, lambda _: Bounds(least="a", most="z"))


def test_nan_is_above_every_number_that_statistics_know() -> None:
    known = Bounds(least=1.0, most=2.0, nulls=0, rows=9)
    assert may_hold(Comparison(column="a", operator=">", value=5.0), lambda _: known)
