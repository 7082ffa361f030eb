"""The oracle's own comparison: it must be able to say no."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from oracle import ExampleProject, Rows, differences, rows_from_arrow, run_in_duckdb

KINDS = ("exact", "string", "float", "date")
ROW = (Decimal("1.50"), "ada", 0.1, date(2024, 2, 29))


def rows(*values: tuple[Decimal | int | None, str | None, float | None, date | None]) -> Rows:
    return Rows(names=("amount", "name", "share", "day"), kinds=KINDS, rows=values)


def test_differences_other_order_and_scale_none() -> None:
    other = (Decimal(2), None, None, None)
    assert differences(rows(ROW, other), rows(other, (Decimal("1.5"), *ROW[1:]))) == []


def test_differences_float_in_last_bits_none() -> None:
    assert differences(rows(ROW), rows((ROW[0], "ada", 0.1 + 1e-16, ROW[3]))) == []


@pytest.mark.parametrize(
    "changed",
    [
        (Decimal("1.51"), "ada", 0.1, date(2024, 2, 29)),
        (Decimal("1.50"), "Ada", 0.1, date(2024, 2, 29)),
        (Decimal("1.50"), "ada", 0.1 + 1e-9, date(2024, 2, 29)),
        (Decimal("1.50"), "ada", 0.1, date(2024, 3, 1)),
        (Decimal("1.50"), "ada", None, date(2024, 2, 29)),
        (None, "ada", 0.1, date(2024, 2, 29)),
    ],
)
def test_differences_one_value_changed_found(
    changed: tuple[Decimal | None, str, float | None, date],
) -> None:
    assert len(differences(rows(ROW), rows(changed))) == 1


def test_differences_row_twice_found() -> None:
    assert differences(rows(ROW, ROW), rows(ROW)) == ["rows: expected 2, got 1"]


def test_differences_column_renamed_found() -> None:
    renamed = Rows(names=("amount", "who", "share", "day"), kinds=KINDS, rows=(ROW,))
    assert len(differences(rows(ROW), renamed)) == 1


def test_differences_decimal_became_float_found() -> None:
    expected = rows_from_arrow(pa.Table.from_pylist([{"amount": Decimal("1.5")}]))
    actual = rows_from_arrow(pa.Table.from_pylist([{"amount": 1.5}]))
    assert differences(expected, actual) == ["column 'amount': expected kind exact, got float"]


def test_duckdb_views_in_any_order_run(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("n\n1\n2\n", encoding="utf-8")
    project = ExampleProject(
        datasets={"numbers": str(tmp_path / "numbers.csv")},
        views={"a": "select sum(n) as total from b", "b": "select n from numbers where n > 1"},
    )
    assert run_in_duckdb(project)["a"].rows == ((2,),)


def test_duckdb_view_over_unknown_table_refused() -> None:
    with pytest.raises(ValueError, match="a: Catalog Error"):
        run_in_duckdb(ExampleProject(datasets={}, views={"a": "select 1 as x from nowhere"}))
