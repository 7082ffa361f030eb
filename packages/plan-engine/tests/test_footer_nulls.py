"""Nulls as Parquet footers count them."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plan_engine.file_facts import FileFacts
from plan_engine.footer_nulls import null_counts


def facts(path: Path, table: pa.Table, *, statistics: bool = True) -> FileFacts:
    """Write a table in row groups of two rows, and look at its footer."""
    pq.write_table(table, path, row_group_size=2, write_statistics=statistics)
    return FileFacts(schema=table.schema, rows=table.num_rows, digest="0" * 64, footer=pq.read_metadata(path))


TABLE = pa.table({"a": [1, None, 3, None, None], "b": [1, 2, 3, 4, 5], "s": [{"x": 1}] * 5})


def test_null_counts_add_up_over_row_groups_and_files(tmp_path: Path) -> None:
    both = [facts(tmp_path / "1", TABLE), facts(tmp_path / "2", TABLE)]
    assert null_counts(both, ["a", "b"]) == {"a": 6, "b": 0}


def test_null_counts_of_a_file_without_statistics_are_unknown(tmp_path: Path) -> None:
    both = [facts(tmp_path / "1", TABLE), facts(tmp_path / "2", TABLE, statistics=False)]
    assert null_counts(both, ["a"]) == {}


def test_null_counts_of_a_nested_column_are_unknown(tmp_path: Path) -> None:
    assert null_counts([facts(tmp_path / "1", TABLE)], ["s"]) == {}


def test_null_counts_of_a_file_that_lacks_the_column_are_its_rows(tmp_path: Path) -> None:
    both = [facts(tmp_path / "1", TABLE), facts(tmp_path / "2", TABLE.drop(["b"]))]
    assert null_counts(both, ["b"]) == {"b": 5}


def test_null_counts_of_other_formats_are_unknown() -> None:
    assert null_counts([FileFacts(schema=TABLE.schema, rows=5, digest="0" * 64)], ["a"]) == {}
