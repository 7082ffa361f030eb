"""Scans as tasks in whole builds: the same rows, in every way of running, and no outputs of their own."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from command_line import plan_cli
from plan_contracts import RunManifestV2, decode_json

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"
WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}


def _shop(folder: Path, policy: str) -> Path:
    """Copy the example, with all of its scans decided alike."""
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    settings = folder / "plan.toml"
    lines = settings.read_text().splitlines(keepends=True)
    settings.write_text(
        "".join(f'{line}scan = "{policy}"\n' if line.startswith("[datasets.") else line for line in lines)
    )
    return folder


def _rows(project: Path) -> dict[str, list[dict[str, object]]]:
    outputs = sorted((project / "out").glob("*.parquet"))
    return {path.stem: sorted(pq.read_table(path).to_pylist(), key=str) for path in outputs}  # pyright: ignore[reportUnknownMemberType]  # pyarrow's stubs


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_build_over_scan_tasks_gives_the_same_rows_and_reuses_them(way: str, tmp_path: Path) -> None:
    direct, scanned = _shop(tmp_path / "direct", "never"), _shop(tmp_path / "scanned", "always")
    assert plan_cli("build", direct, *WAYS[way]).code == 0

    first = plan_cli("build", scanned, *WAYS[way])
    again = plan_cli("build", scanned, *WAYS[way], "--json")

    assert first.code == 0, first.text
    assert "scan-" in first.text
    assert _rows(scanned) == _rows(direct) != {}
    manifest = decode_json(again.out.encode(), RunManifestV2)
    assert {output.name for output in manifest.outputs} == set(_rows(direct))
    assert set(manifest.task_counts) == {"reused"}, manifest.task_counts


def _parts(folder: Path, files: int) -> Path:
    """Make a project over a folder of files that are a unit each, with two readers."""
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    for index in range(files):
        rows = {"n": range(index * 10, index * 10 + 10), "s": [f"row {row}" for row in range(10)]}
        csv.write_csv(pa.table(rows), folder / "data" / f"{index:04}.csv")
    (folder / "plan.toml").write_text(
        '[project]\nname = "parts"\n\n[datasets.d]\npath = "data/*.csv"\nscan = "always"\nscan_unit = "1B"\n'
    )
    (folder / "views" / "total.sql").write_text("select sum(n) as total, count(*) as rows from d\n")
    (folder / "views" / "first.sql").write_text("select n, s from d where n < 25 order by n\n")
    return folder


@pytest.mark.timeout(200)
@pytest.mark.parametrize("way", WAYS)
def test_build_over_a_scan_of_many_units_gives_every_row_and_tells_of_each_unit(way: str, tmp_path: Path) -> None:
    project = _parts(tmp_path / "parts", 40)

    built = plan_cli("build", project, *WAYS[way])

    assert built.code == 0, built.text
    assert _rows(project)["total"] == [{"total": sum(range(400)), "rows": 400}]
    assert len(_rows(project)["first"]) == 25
    sql = "select event_name, count(*) as c from events where event_name like '%unit%' group by 1"
    events = plan_cli("events", project, "--sql", sql)
    assert "scan_unit_finished_v1" in events.text
    assert "40" in events.text


@pytest.mark.timeout(200)
@pytest.mark.parametrize("way", WAYS)
def test_build_after_one_file_is_replaced_and_one_added_reads_these_alone(way: str, tmp_path: Path) -> None:
    project = _parts(tmp_path / "parts", 8)
    assert plan_cli("build", project, *WAYS[way]).code == 0
    changed = {"n": [1000, 1001], "s": ["other", "rows"]}
    csv.write_csv(pa.table(changed), project / "data" / "0003.csv")
    csv.write_csv(pa.table({"n": [2000], "s": ["more"]}), project / "data" / "0000a.csv")

    again = plan_cli("build", project, *WAYS[way])

    assert again.code == 0, again.text
    oracle = duckdb.connect(config={"threads": 1})
    oracle.execute(f"create view d as select * from read_csv('{project}/data/*.csv')")
    for view in ("total", "first"):
        expected = oracle.execute((project / "views" / f"{view}.sql").read_text()).fetchall()
        assert [tuple(row.values()) for row in _rows(project)[view]] == sorted(expected, key=str)
    sql = "select unit from decisions where task = 'scan-d' and run_id = (select max(run_id) from runs) order by unit"
    started = plan_cli("events", project, "--sql", sql, "--json")
    assert [json.loads(line)["unit"] for line in started.out.splitlines()] == ["0001", "0004"], started.text


@pytest.mark.timeout(200)
def test_build_over_a_unit_that_cannot_be_read_names_its_file_and_can_be_mended(tmp_path: Path) -> None:
    project = _parts(tmp_path / "parts", 12)
    (project / "plan.toml").write_text(
        (project / "plan.toml").read_text() + '\n[datasets.d.csv.types]\nn = "int64"\ns = "string"\n'
    )
    good = (project / "data" / "0007.csv").read_text()
    (project / "data" / "0007.csv").write_text(good.replace("75,", "no number,"))
    broken = plan_cli("build", project, *WAYS["threads"])
    assert broken.code == 1, broken.text
    assert "0007.csv" in broken.text

    (project / "data" / "0007.csv").write_text(good)
    mended = plan_cli("build", project, *WAYS["threads"])

    assert mended.code == 0, mended.text
    assert _rows(project)["total"] == [{"total": sum(range(120)), "rows": 120}]
