"""Compressed CSV and JSON lines: read as their endings say, on disk and in a bucket, and what damaged ones are told."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from s3_service import BUCKET, s3_service, upload
from test_runtime import request, run, runtime
from test_scans import scanned
from test_sources import failure, project, refused, rows, types

from plan_contracts import DatasetRef

pytestmark = pytest.mark.timeout(120)

CSV = 'n,s\n1,a\n2,"x\ny"\n'
JSON = '{"n": 1, "s": "a"}\n{"n": 2, "s": "x\\ny"}\n'
EXPECTED = [{"n": 1, "s": "a"}, {"n": 2, "s": "x\ny"}]


def _zstd(plain: bytes) -> bytes:
    return pa.compress(plain, codec="zstd", asbytes=True)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": _zstd,
}


@pytest.mark.parametrize("ending", COMPRESSIONS)
@pytest.mark.parametrize(("kind", "text"), [("csv", CSV), ("json", JSON)])
def test_compressed_text_is_read_as_plain_text_is(kind: str, text: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / f"d.{kind}.{ending}").write_bytes(COMPRESSIONS[ending](text.encode()))

    compiled = project(tmp_path, f'path = "*.{kind}.{ending}"\nscan = "always"')

    assert types(compiled) == {"n": "int64", "s": "string"}
    assert compiled.evidence.entries["d"].rows == text.count("\n") - (kind == "csv")
    assert rows(tmp_path, f'path = "*.{kind}.{ending}"', "select * from d order by n") == EXPECTED
    result = run(runtime(), request(tmp_path, "select * from d order by n", {"d": scanned(tmp_path, compiled).ref}))
    assert result.error is None


def test_plain_and_compressed_files_and_several_members_are_one_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    for day, name, content in (
        (1, "a.csv", b"n\n1\n"),
        (2, "b.csv.gz", gzip.compress(b"n\n2\n") + gzip.compress(b"3\n")),
        (2, "c.csv.zst", _zstd(b"n\n4\n")),
    ):
        (folder / f"day={day}").mkdir(parents=True, exist_ok=True)
        (folder / f"day={day}" / name).write_bytes(content)

    found = rows(tmp_path, 'path = "d"', "select n, day from d where n > 1 order by n")

    assert found == [{"n": 2, "day": 2}, {"n": 3, "day": 2}, {"n": 4, "day": 2}]


def test_compressed_objects_are_read_from_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "files").mkdir()
    for index in (1, 2):
        (tmp_path / "files" / f"{index}.csv.gz").write_bytes(gzip.compress(f"n\n{index}\n".encode()))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with s3_service() as endpoint:
        upload(endpoint, tmp_path / "files", "zipped")
        settings = f'path = "s3://{BUCKET}/zipped/*.csv.gz"\nstorage_options = {{ endpoint = "{endpoint}" }}'

        assert rows(tmp_path, settings, "select n from d order by n") == [{"n": 1}, {"n": 2}]


def test_rows_of_much_compressed_text_are_reckoned_from_its_beginning(tmp_path: Path) -> None:
    lines = 2_000_000
    plain = b"n\n" + b"".join(b"%d\n" % (number * 2_654_435_761 % 100_000_000) for number in range(lines))
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(plain, 1))

    rows = project(tmp_path, 'path = "d.csv.gz"').evidence.entries["d"].rows

    assert rows is not None
    assert lines * 0.9 < rows < lines * 1.1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.csv.gz", CSV.encode(), "is no gzip, as its ending says"),
        ("d.csv", gzip.compress(CSV.encode()), "is compressed with gzip, and its ending hides it"),
        ("d.json.bz2", gzip.compress(JSON.encode()), "is no bzip2, as its ending says"),
        ("d.csv.gz", gzip.compress(CSV.encode())[:15], "is not whole, or no gzip"),
        ("d.csv.xz", lzma.compress(CSV.encode())[:30], "is not whole, or no xz"),
        ("d.csv.zst", _zstd(CSV.encode())[:-3], "is not whole, or no zstd"),
    ],
)
def test_file_that_is_not_compressed_as_it_says_is_named(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    error = refused(tmp_path, f'path = "{name}"')

    assert error.code == "dataset_unreadable"
    assert said in error.message
    assert f"{name}` of the dataset `d`" in error.message


def test_file_cut_off_after_what_was_looked_at_fails_the_task(tmp_path: Path) -> None:
    plain = b"n\n" + b"".join(b"%d\n" % number for number in range(2_000_000))
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(plain, 1)[:-1000])
    ref: DatasetRef = project(tmp_path, 'path = "d.csv.gz"').datasets["d"]

    code, message = failure(tmp_path, ref, "select sum(n) as s from d")

    assert code == "query_failed"
    assert "d.csv.gz`: what follows cannot be read:" in message


def test_parquet_that_is_compressed_as_a_whole_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.parquet.gz").write_bytes(gzip.compress(b"PAR1"))

    error = refused(tmp_path, 'path = "d.parquet.gz"')

    assert error.code == "dataset_format_unknown"
    assert "only CSV and JSON lines are read compressed" in str(error)
