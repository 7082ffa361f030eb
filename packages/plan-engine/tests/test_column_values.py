"""What footers and folders tell of the values of columns, and of nulls in partition columns."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_sources import project

from plan_contracts import ColumnValues

pytestmark = pytest.mark.timeout(60)


def values(folder: Path, table: pa.Table, accepted: str, row_group_size: int = 2) -> dict[str, ColumnValues]:
    """Give what is known of the columns for which a contract lists accepted values."""
    pq.write_table(table, folder / "d.parquet", row_group_size=row_group_size)
    contract = f'path = "d.parquet"\ncontract = {{ accepted_values = {{ {accepted} }} }}'
    return project(folder, contract).evidence.entries["d"].values


def test_whole_numbers_dates_and_booleans_lie_between_their_ends(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([1, 3, None, 9], pa.int16()),
            "day": [date(2024, 2, 28), date(2024, 3, 1), None, None],
            "paid": [True, False, True, True],
        }
    )

    found = values(tmp_path, table, 'n = [1], day = ["2024-03-01"], paid = [true]')

    assert found == {
        "n": ColumnValues(within=(1, 2, 3, 9), held=(1, 3, 9)),
        "day": ColumnValues(within=("2024-02-28", "2024-02-29", "2024-03-01"), held=("2024-02-28", "2024-03-01")),
        "paid": ColumnValues(within=(False, True), held=(False, True)),
    }


def test_texts_are_known_where_each_row_group_holds_one(tmp_path: Path) -> None:
    table = pa.table({"one": ["a", "a", "b", None], "several": ["a", "b", "c", "c"]})

    found = values(tmp_path, table, 'one = ["a"], several = ["a"]')

    assert found == {
        "one": ColumnValues(within=("a", "b"), held=("a", "b")),
        "several": ColumnValues(within=None, held=("c",)),
    }


def test_accepted_values_of_another_kind_prove_nothing(tmp_path: Path) -> None:
    table = pa.table({"n": [1], "f": [1.0], "s": ["1"], "day": [date(2024, 1, 1)]})

    assert values(tmp_path, table, 'n = ["1"], f = [1.0], s = [1], day = ["1 Jan"]') == {}


def test_far_ends_and_missing_statistics_leave_the_values_open(tmp_path: Path) -> None:
    assert values(tmp_path, pa.table({"n": [1, 10**9]}), "n = [1]") == {"n": ColumnValues(held=(1, 10**9))}
    pq.write_table(pa.table({"n": [1]}), tmp_path / "d.parquet", write_statistics=False)

    contract = 'path = "d.parquet"\ncontract = { accepted_values = { n = [1] } }'

    assert project(tmp_path, contract).evidence.entries["d"].values == {}


def test_folders_tell_values_and_nulls(tmp_path: Path) -> None:
    for folder, rows in (("day=2024-01-01", 2), ("day=__HIVE_DEFAULT_PARTITION__", 3)):
        (tmp_path / "d" / folder).mkdir(parents=True)
        pq.write_table(pa.table({"n": list(range(rows))}), tmp_path / "d" / folder / "p.parquet")
    contract = 'contract = { not_null = ["day", "n"], accepted_values = { day = ["2024-01-01"] } }'

    evidence = project(tmp_path, f'path = "d"\n{contract}').evidence.entries["d"]

    assert evidence.null_counts == {"n": 0, "day": 3}
    assert evidence.values == {"day": ColumnValues(within=("2024-01-01",), held=("2024-01-01",))}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.none() | st.integers(-20, 20), min_size=1, max_size=12), size=st.integers(1, 4))
def test_what_is_told_never_contradicts_the_rows(rows: list[int | None], size: int, tmp_path: Path) -> None:
    there = {value for value in rows if value is not None}

    found = values(tmp_path, pa.table({"n": pa.array(rows, pa.int64())}), "n = [1]", row_group_size=size)["n"]

    assert set(found.held) <= there
    assert found.within is None or there <= set(found.within)
