"""Delta tables: the version that was planned with, statistics from the log, and rows at that version."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from s3_service import BUCKET, s3_service, upload
from test_object_store import settings
from test_scans import scanned
from test_sources import failure, project, refused, rows, types

from plan_contracts import Exactness

pytestmark = pytest.mark.timeout(120)

FIRST = pa.table({"day": ["x", "y", None], "n": pa.array([1, 2, 3], pa.int64()), "s": ["a", None, "c"]})
LATER = pa.table({"day": ["z"], "n": pa.array([9], pa.int64()), "s": ["late"], "extra": [0.5]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Give a table of two versions, the second with a further column."""
    write_deltalake(str(tmp_path / "d"), FIRST, partition_by=["day"])
    write_deltalake(str(tmp_path / "d"), LATER, mode="append", schema_mode="merge")
    return tmp_path


def test_delta_rows_are_those_of_the_newest_version(table: Path) -> None:
    compiled = project(table, 'path = "d"')

    assert types(compiled) == {"n": "int64", "s": "string", "extra": "float64", "day": "string"}
    evidence = compiled.evidence.entries["d"]
    assert (evidence.rows, evidence.exactness) == (4, Exactness.EXACT)
    assert rows(table, 'path = "d"', "select day, n, extra from d order by n") == [
        {"day": "x", "n": 1, "extra": None},
        {"day": "y", "n": 2, "extra": None},
        {"day": None, "n": 3, "extra": None},
        {"day": "z", "n": 9, "extra": 0.5},
    ]


def test_delta_version_is_pinned_where_it_is_asked_for(table: Path) -> None:
    asked = 'path = "d"\ndelta = { version = 0 }'

    assert rows(table, asked, "select count(*) as c from d") == [{"c": 3}]
    newest, first = project(table, 'path = "d"').snapshots["d"], project(table, asked).snapshots["d"]
    assert newest.content_id != first.content_id
    assert all(file.path.startswith("d/day=") for file in newest.files)


def test_delta_rows_planned_with_stay_while_the_table_grows(table: Path) -> None:
    compiled = project(table, 'path = "d"')
    write_deltalake(str(table / "d"), LATER, mode="overwrite", schema_mode="overwrite")

    output = scanned(table, compiled)

    assert pq.read_table(output.ref.uri).num_rows == 4
    assert project(table, 'path = "d"').snapshots["d"].content_id != compiled.snapshots["d"].content_id


def test_delta_log_prunes_files_by_their_statistics(table: Path) -> None:
    scan = project(table, 'path = "d"', "select s from d where n >= 3 and day is not null").scans["d"]

    assert (scan.files_total, scan.files_candidate, scan.files_pruned) == (4, 1, 3)
    assert scan.row_groups_total is None
    (unit,) = scan.units
    assert (unit.rows, len(unit.files)) == (1, 1)


def test_delta_deleted_rows_are_not_read(table: Path) -> None:
    DeltaTable(str(table / "d")).delete("n = 2")

    assert rows(table, 'path = "d"', "select n from d order by n") == [{"n": 1}, {"n": 3}, {"n": 9}]


def test_delta_file_that_is_gone_is_named(table: Path) -> None:
    ref = project(table, 'path = "d"').datasets["d"]
    Path(ref.files[0]).unlink()

    assert failure(table, ref)[0] == "input_unavailable"
    assert "although the log of the table lists it" in refused(table, 'path = "d"').message


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ('path = "d"\ndelta = { version = 77 }', "dataset_unreadable", "cannot be read at version 77"),
        ('path = "plain"\nformat = "delta"', "dataset_format_unknown", "is no Delta table"),
    ],
)
def test_delta_table_that_is_not_there_is_named(asked: str, code: str, words: str, table: Path) -> None:
    (table / "plain").mkdir()
    (table / "plain" / "1.parquet").write_bytes(b"")

    error = refused(table, asked)

    assert error.code == code
    assert words in error.message


def test_delta_table_with_a_broken_log_is_named(table: Path) -> None:
    (table / "d" / "_delta_log" / "00000000000000000001.json").write_text("{ no json\n")

    assert refused(table, 'path = "d"').code == "dataset_unreadable"


def test_delta_table_with_deletion_vectors_is_refused(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "d"), FIRST)
    log = tmp_path / "d" / "_delta_log" / "00000000000000000000.json"
    text = log.read_text()
    protocol = '{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}'
    assert protocol in text
    features = '"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]'
    log.write_text(text.replace(protocol, f'{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,{features}}}}}'))

    error = refused(tmp_path, 'path = "d"')

    assert (error.code, "deletion vectors" in error.message) == ("dataset_format_unknown", True)


def test_delta_table_in_an_object_store_is_read(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_KEY", "k")
    monkeypatch.setenv("LAKE_SECRET", "s")
    with s3_service() as endpoint:
        upload(endpoint, table / "d", "delta")

        compiled = project(table, settings("delta", endpoint), "select * from d")

        assert compiled.datasets["d"].uri == f"s3://{BUCKET}/delta"
        assert pq.read_table(scanned(table, compiled).ref.uri).num_rows == 4
