"""Results that `auto` keeps: in the cache and not among the outputs, reused, and computed again when they are gone."""

import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import RunManifestV2, TaskStatus, decode_json

VIEWS = {
    "renamed": "select n as number, n % 10 as kind from numbers\n",
    "counted": "select kind, count(*) as many, sum(number) as total from renamed group by kind order by kind\n",
    "largest": "select max(total) as total from counted\n",
    "smallest": "select min(total) as total from counted\n",
    "average": "select cast(sum(total) as double) / count(*) as total from counted\n",
}
WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}


def _project(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(200_000), pa.int64())}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text('[project]\nname = "kept"\n\n[datasets.numbers]\npath = "data/numbers.parquet"\n')
    for name, sql in VIEWS.items():
        (folder / "views" / f"{name}.sql").write_text(sql)
    return folder


def _build(project: Path, *options: str) -> RunManifestV2:
    answer = plan_cli("build", project, "--json", *options)
    assert answer.code == 0, answer.text
    return decode_json(answer.out.encode(), RunManifestV2)


def _kept(project: Path) -> list[Path]:
    return sorted((project / ".plan" / "cache").rglob("*.parquet"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
def test_build_keeps_what_several_views_read_and_writes_leaves_only(way: str, tmp_path: Path) -> None:
    project = _project(tmp_path / "kept")

    manifest = _build(project, *WAYS[way])

    leaves = ["average", "largest", "smallest"]
    assert [record.name for record in manifest.outputs] == leaves
    assert sorted(path.stem for path in (project / "out").iterdir()) == leaves
    assert [path.stem for path in _kept(project)] == ["counted"]
    assert pq.read_table(project / "out" / "largest.parquet").to_pylist() == [{"total": 2_000_080_000}]


@pytest.mark.timeout(300)
def test_build_changed_leaf_takes_the_rest_from_the_cache(tmp_path: Path) -> None:
    project = _project(tmp_path / "kept")
    _build(project)
    (project / "views" / "largest.sql").write_text("select max(total) + 1 as total from counted\n")

    again = _build(project)

    assert again.task_counts == {TaskStatus.SUCCEEDED: 1, TaskStatus.REUSED: 3}
    assert pq.read_table(project / "out" / "largest.parquet").to_pylist() == [{"total": 2_000_080_001}]


@pytest.mark.timeout(300)
def test_build_brings_the_cache_to_its_size_and_collects_what_dead_runs_left(tmp_path: Path) -> None:
    project = _project(tmp_path / "kept")
    first = _build(project)
    (old,) = _kept(project)
    room = int(1.9 * old.stat().st_size)  # for one of two results
    plan = project / "plan.toml"
    plan.write_text(plan.read_text().replace('name = "kept"', f'name = "kept"\ncache = "{room}B"'))
    left = project / ".plan" / "tmp" / "left-by-a-killed-build"
    left.write_bytes(b"half")
    for path in (left, *old.parent.iterdir()):
        os.utime(path, (time.time(), time.time() - 3600))
    staged = project / ".plan" / "scratch" / first.run_id / "stage"
    staged.mkdir(parents=True, exist_ok=True)
    (project / "views" / "counted.sql").write_text(VIEWS["counted"].replace("total", "total, 1 as one", 1))

    _build(project)

    (kept,) = _kept(project)
    assert kept.parent != old.parent
    assert not left.exists()
    assert not staged.parent.exists()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("spoil", ["gone", "changed"])
def test_build_lost_or_damaged_cache_costs_its_computation_and_nothing_else(spoil: str, tmp_path: Path) -> None:
    project = _project(tmp_path / "kept")
    first = _build(project)
    (kept,) = _kept(project)
    if spoil == "gone":
        shutil.rmtree(kept.parent)
    else:
        kept.write_bytes(kept.read_bytes()[:-1] + b"x")

    again = _build(project)

    assert again.task_counts == {TaskStatus.SUCCEEDED: 1, TaskStatus.REUSED: 3}
    assert [record.sha256 for record in again.outputs] == [record.sha256 for record in first.outputs]
    assert len(_kept(project)) == 1


@pytest.mark.timeout(300)
def test_plan_says_what_became_of_each_view_and_why(tmp_path: Path) -> None:
    project = _project(tmp_path / "kept")

    plan = plan_cli("plan", project, "--costs", "statistics")
    inside = plan_cli("plan", project, "--explain", "renamed")
    kept = plan_cli("plan", project, "--explain", "counted")

    assert "computed inside their readers: renamed\n" in plan.text
    assert "kept in the cache for their readers: counted\n" in plan.text
    assert "`renamed` is no task of its own. Its result is computed inside its readers (`auto`:" in inside.text
    assert "It is computed in `counted`." in inside.text
    assert "Its result is kept in the cache for its readers (`auto`: kept, because to compute it 3 times" in kept.text
