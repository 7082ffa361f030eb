"""Clusters of a build's own lose a worker, or their head: the task is tried again, or the build ends on record."""

import os
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from uv import find_uv_bin

import plan_engine
from command_line import plan_cli
from on_clusters import copy_of, manifest_of, rows
from plan_contracts import TaskRetried, decode_msgpack
from plan_store import PlanStore, SystemClock

DIES_ONCE = """
import os, pathlib, signal

import pyarrow as pa


def fragile(orders: pa.Table) -> pa.Table:
    died = pathlib.Path({died!r})
    if not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return orders
"""

TELLS_WHERE_IT_RUNS = """
import os, sys

import plan_engine
import pyarrow as pa


def place(orders: pa.Table) -> pa.Table:
    place = {"niceness": os.nice(0), "python": sys.executable, "engine": plan_engine.__file__, "folder": os.getcwd()}
    return pa.Table.from_pylist([place])
"""

ENDS_ITS_STORE = """
import contextlib, os, pathlib, signal, time

import pyarrow as pa


def _parent(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def fatal(orders: pa.Table) -> pa.Table:
    build = _parent(os.getppid())
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # others end meanwhile
            if _parent(int(folder.name)) == build and b"/gcs_server" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
    time.sleep(300)
    return orders
"""


def reasons_of_retries(project: Path) -> list[tuple[str, str]]:
    """Give task and reason of each retry on record."""
    with PlanStore.open(project / ".plan", clock=SystemClock(), read_only=True) as store:
        found = store.sql("select event_payload_msgpack as payload from events where event_name = 'task_retried_v1'")
    events = [decode_msgpack(payload, TaskRetried) for payload in found.column("payload").to_pylist()]
    return [(event.task, event.error.code) for event in events]


@pytest.mark.timeout(200)
@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_task_whose_worker_of_a_local_cluster_dies_is_tried_again(executor: str, tmp_path: Path) -> None:
    folder = copy_of("shop", tmp_path / "shop")
    died = tmp_path / "died"
    (folder / "views" / "fragile.py").write_text(DIES_ONCE.format(died=str(died)), encoding="utf-8")

    built = manifest_of(plan_cli("build", folder, "--json", "--executor", executor, "--max-tasks", "2"))

    assert died.exists()
    assert reasons_of_retries(folder) == [("fragile", "worker_died")]
    assert rows(built)["fragile"] == 12
    assert rows(built)["paid_orders"] == 10


@pytest.mark.timeout(200)
@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_worker_of_a_local_cluster_has_the_priority_and_the_software_of_a_build_that_uv_runs(
    executor: str, tmp_path: Path
) -> None:
    folder = copy_of("shop", tmp_path / "shop")
    (folder / "views" / "place.py").write_text(TELLS_WHERE_IT_RUNS, encoding="utf-8")
    uv_run = (find_uv_bin(), "run", "--no-project")

    answer = plan_cli("build", folder, "--executor", executor, "--max-tasks", "2", cwd=tmp_path, launcher=uv_run)

    assert answer.code == 0, answer.text
    (place,) = (pq.read_table(file).to_pylist() for file in (folder / "out").rglob("place*.parquet"))
    here = {"niceness": os.nice(0), "python": sys.executable, "engine": plan_engine.__file__}
    assert place == [{**here, "folder": str(tmp_path)}]


@pytest.mark.timeout(200)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_build_whose_local_head_dies_ends_with_a_manifest(tmp_path: Path) -> None:
    folder = copy_of("shop", tmp_path / "shop")
    (folder / "views" / "fatal.py").write_text(ENDS_ITS_STORE, encoding="utf-8")

    answer = plan_cli("build", folder, "--executor", "ray", "--max-tasks", "2")

    assert answer.code == 1, answer.text
    assert "The Ray cluster is lost: its head went away" in answer.text
    assert "Traceback" not in answer.text
    assert "failed" in plan_cli("runs", folder).out
