"""Files of datasets: which they are, what they say, and how they are refused."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plan_contracts import DataFormat, DatasetSection, Exactness, PlanError
from plan_engine.dataset_files import find_datasets
from plan_engine.datasets import ResolvedDataset, resolve_datasets

NUMBERS = pa.table({"n": pa.array([1, 2, 3], pa.int64()), "s": ["a", None, "c"]})


def _look(folder: Path, sections: Mapping[str, DatasetSection]) -> tuple[dict[str, ResolvedDataset], list[PlanError]]:
    found, missing = find_datasets(folder, sections)
    resolved, unreadable = resolve_datasets(folder, sections, found)
    return resolved, [*missing, *unreadable]


def resolve(folder: Path, path: str, **settings: object) -> ResolvedDataset:
    """Resolve one dataset that has no errors."""
    section = DatasetSection(path=path, **settings)  # pyright: ignore[reportArgumentType] - keywords of the test
    resolved, errors = _look(folder, {"d": section})
    assert errors == []
    return resolved["d"]


def refused(folder: Path, path: str) -> PlanError:
    """Resolve one dataset that has one error."""
    resolved, (error,) = _look(folder, {"d": DatasetSection(path=path)})
    assert resolved == {}
    return error


@pytest.mark.parametrize("path", ["parts/a.parquet", "parts/*.parquet", "parts", "**/a.parquet"])
def test_resolve_datasets_path_glob_and_folder_are_found(path: str, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    pq.write_table(NUMBERS, tmp_path / "parts" / "a.parquet")

    dataset = resolve(tmp_path, path)

    assert (dataset.evidence.rows, dataset.evidence.exactness) == (3, Exactness.EXACT)
    assert [(column.name, column.type) for column in dataset.ref.columns] == [("n", "int64"), ("s", "string")]
    assert [file.path for file in dataset.snapshot.files] == ["parts/a.parquet"]


def test_resolve_datasets_several_files_are_in_order_and_hidden_ones_left_out(tmp_path: Path) -> None:
    for name in ("b", "a", "c/d", ".hidden", "_temporary", ".dir/e"):
        path = tmp_path / "parts" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(NUMBERS, path)

    dataset = resolve(tmp_path, "parts")

    assert [Path(file).name for file in dataset.ref.files] == ["a.parquet", "b.parquet", "d.parquet"]
    assert dataset.evidence.rows == 9


def test_resolve_datasets_copies_with_other_clocks_have_equal_snapshots(tmp_path: Path) -> None:
    snapshots = []
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        pq.write_table(NUMBERS, folder / "data" / "n.parquet")
        os.utime(folder / "data" / "n.parquet", (0, len(name)))
        snapshots.append(resolve(folder, "data").snapshot)

    assert snapshots[0] == snapshots[1]


def test_resolve_datasets_changed_rows_change_the_content_id(tmp_path: Path) -> None:
    pq.write_table(NUMBERS, tmp_path / "n.parquet")
    before = resolve(tmp_path, "n.parquet").snapshot.content_id
    pq.write_table(NUMBERS.slice(0, 2), tmp_path / "n.parquet")

    assert resolve(tmp_path, "n.parquet").snapshot.content_id != before


def test_resolve_datasets_csv_types_are_inferred_and_overridden(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a;b;c\n1;x;2024-01-01\n2;NA;2024-01-02\n")
    csv = {"delimiter": ";", "null": "NA", "types": {"a": "decimal(10, 2)"}}
    from plan_contracts import CsvOptions

    dataset = resolve(tmp_path, "d.csv", csv=CsvOptions(**csv))  # pyright: ignore[reportArgumentType] - as typed

    assert {column.name: column.type for column in dataset.ref.columns} == {
        "a": "decimal(10, 2)",
        "b": "string",
        "c": "date32",
    }
    assert (dataset.evidence.rows, dataset.evidence.exactness) == (2, Exactness.ESTIMATED)
    assert dataset.ref.format is DataFormat.CSV


def test_resolve_datasets_missing_path_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text('[project]\nname = "x"\n\n[datasets.d]\npath = "none/*.parquet"\n')

    error = refused(tmp_path, "none/*.parquet")

    assert error.code == "dataset_missing"
    assert str(error.location) == "plan.toml:5:1"


@pytest.mark.parametrize("content", [b"", b"not parquet at all", b"PAR1" + b"\0" * 50, b"PAR1xxxx\xff\xff\xff\x7fPAR1"])
def test_resolve_datasets_file_that_is_not_parquet_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(content)

    error = refused(tmp_path, "bad.parquet")

    assert error.code == "dataset_unreadable"
    assert "bad.parquet" in error.message


def test_resolve_datasets_truncated_parquet_is_named(tmp_path: Path) -> None:
    pq.write_table(NUMBERS, tmp_path / "n.parquet")
    whole = (tmp_path / "n.parquet").read_bytes()
    (tmp_path / "n.parquet").write_bytes(whole[: len(whole) // 2])

    assert "n.parquet" in refused(tmp_path, "n.parquet").message


def test_resolve_datasets_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "n.parquet").symlink_to(tmp_path / "gone.parquet")

    assert "broken link" in refused(tmp_path, "n.parquet").message


def test_resolve_datasets_files_with_other_columns_are_named(tmp_path: Path) -> None:
    pq.write_table(NUMBERS, tmp_path / "a.parquet")
    pq.write_table(NUMBERS.rename_columns(["n", "t"]), tmp_path / "b.parquet")

    error = refused(tmp_path, "*.parquet")

    assert error.code == "dataset_schemas_differ"
    assert "b.parquet" in error.message
    assert "`a.parquet` has a column `s`, and `b.parquet` has none" in error.message


@pytest.mark.parametrize("name", ["x.xlsx", "x"])
def test_resolve_datasets_unknown_ending_asks_for_the_format(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("?")

    assert refused(tmp_path, name).code == "dataset_format_unknown"
