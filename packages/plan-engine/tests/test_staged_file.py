"""Staged files: their row groups whatever the batches were, and how few and many rows are stored."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plan_engine.staged_file import FEW_ROWS, QUICK, ROW_GROUP_ROWS, SMALL, Encoding, StagedFile, stage_rows

SCHEMA = pa.schema([pa.field("n", pa.int64())])

pytestmark = pytest.mark.timeout(60)


def batches(*sizes: int) -> list[pa.RecordBatch]:
    """Give batches of so many rows each."""
    return [pa.record_batch([pa.array(range(size), pa.int64())], schema=SCHEMA) for size in sizes]


def row_groups(staged: StagedFile) -> list[int]:
    """Give the rows of each row group."""
    footer = pq.read_metadata(staged.path)
    return [footer.row_group(index).num_rows for index in range(footer.num_row_groups)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((), [0]),
        ((0, 0), [0]),
        ((3, 0, 4), [7]),
        ((ROW_GROUP_ROWS,), [ROW_GROUP_ROWS]),
        ((ROW_GROUP_ROWS, 0), [ROW_GROUP_ROWS]),
        ((ROW_GROUP_ROWS - 1, 1, 5), [ROW_GROUP_ROWS, 5]),
    ],
)
def test_staged_rows_in_any_batches_make_row_groups_of_one_size(
    sizes: tuple[int, ...], expected: list[int], tmp_path: Path
) -> None:
    staged = stage_rows(tmp_path, "t", SCHEMA, batches(*sizes))
    assert row_groups(staged) == expected
    assert staged.rows == sum(sizes)
    assert staged.sha256 == hashlib.sha256(staged.path.read_bytes()).hexdigest()
    assert pq.read_table(staged.path).num_rows == sum(sizes)


@pytest.mark.parametrize(
    ("rows", "encoding", "expected"),
    [(FEW_ROWS, SMALL, "SNAPPY"), (FEW_ROWS + 1, SMALL, "ZSTD"), (1, QUICK, "SNAPPY"), (FEW_ROWS + 1, QUICK, "LZ4")],
)
def test_staged_rows_are_compressed_by_their_number_however_they_come(
    rows: int, encoding: Encoding, expected: str, tmp_path: Path
) -> None:
    whole = stage_rows(tmp_path, "t", SCHEMA, batches(rows), encoding=encoding)
    assert pq.read_metadata(whole.path).row_group(0).column(0).compression == expected
    (batch,) = batches(rows)
    halves = [batch.slice(0, rows // 2), batch.slice(rows // 2)]
    assert stage_rows(tmp_path, "t", SCHEMA, halves, encoding=encoding).sha256 == whole.sha256


def test_staged_rows_that_fail_leave_nothing_behind(tmp_path: Path) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from batches(ROW_GROUP_ROWS)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        stage_rows(tmp_path, "t", SCHEMA, failing())
    assert list(tmp_path.iterdir()) == []
