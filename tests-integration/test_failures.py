"""A query that fails half-way: the old output stays byte for byte, and the rest of the build goes on."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import RunManifestV2, decode_json

ROWS = 1_000_000

WAYS = [
    ["--mode", "deterministic_serial"],
    ["--executor", "threadpool", "--max-tasks", "2"],
    ["--executor", "multiprocessing", "--max-tasks", "2"],
]


def _project(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    numbers = pa.table({"n": pa.array(range(ROWS), pa.int64()), "d": pa.array([1] * ROWS, pa.int64())})
    pq.write_table(numbers, folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "numbers"\n\n[defaults]\nmaterialize = "table"\n\n'
        '[datasets.numbers]\npath = "data/numbers.parquet"\n'
    )
    (folder / "views" / "quotients.sql").write_text("select n / d as q from numbers\n")
    (folder / "views" / "below.sql").write_text("select count(*) as n from quotients\n")
    (folder / "views" / "apart.sql").write_text("select max(n) as top from numbers\n")
    return folder


def _divide_by_zero_in_the_last_row(folder: Path) -> None:
    divisors = pa.array([1] * (ROWS - 1) + [0], pa.int64())
    numbers = pa.table({"n": pa.array(range(ROWS), pa.int64()), "d": divisors})
    pq.write_table(numbers, folder / "data" / "numbers.parquet")


@pytest.mark.parametrize("options", WAYS, ids=["serial", "threads", "processes"])
def test_build_division_by_zero_in_the_last_row_keeps_the_old_output(options: list[str], tmp_path: Path) -> None:
    project = _project(tmp_path / "numbers")
    assert plan_cli("build", project, *options).code == 0
    before = {path.name: path.read_bytes() for path in (project / "out").iterdir()}
    _divide_by_zero_in_the_last_row(project)

    answer = plan_cli("build", project, *options, "--json")

    manifest = decode_json(answer.out.encode(), RunManifestV2)
    after = {path.name: path.read_bytes() for path in (project / "out").iterdir()}
    assert answer.code == 1, answer.text
    assert after["quotients.parquet"] == before["quotients.parquet"]
    assert after["below.parquet"] == before["below.parquet"]
    assert set(after) == set(before)
    assert {record.name: record.status.value for record in manifest.outputs} == {
        "apart": "built",
        "below": "kept",
        "quotients": "kept",
    }


def test_build_failing_task_names_the_view_and_the_cause(tmp_path: Path) -> None:
    project = _project(tmp_path / "numbers")
    _divide_by_zero_in_the_last_row(project)

    answer = plan_cli("build", project)

    assert answer.code == 1, answer.text
    assert "Traceback" not in answer.text
    assert "quotients" in answer.text
    assert "ivide by zero" in answer.text
    assert not (project / "out" / "quotients.parquet").exists()
    assert pq.read_table(project / "out" / "apart.parquet").to_pylist() == [{"top": ROWS - 1}]
