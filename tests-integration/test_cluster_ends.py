"""Clusters that go away end a build cleanly, and clusters of a build's own leave nothing behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from command_line import plan_cli
from on_clusters import copy_of, manifest_of, on_dask, on_ray, rows
from plan_contracts import RunStatus, TaskStatus
from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes

GONE_SECONDS = 30.0

KILLS_ITS_CLUSTER = """
import os, signal, time

import pyarrow as pa


def slow(orders: pa.Table) -> pa.Table:
    for pid in open({pids!r}).read().split():
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(60)
    return orders
"""


def marked_processes(mark: str) -> set[int]:
    """Give the live processes whose environment holds the mark."""
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if mark.encode() in (folder / "environ").read_bytes() and state != "Z":
                found.add(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def wait_until_gone(mark: str) -> set[int]:
    """Wait for the end of all processes with the mark; give those that are left."""
    deadline = time.monotonic() + GONE_SECONDS
    while (left := marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("processes", "options", "why"),
    [(dask_processes, on_dask, "its scheduler went away"), (ray_processes, on_ray, "its head went away")],
    ids=["dask", "ray"],
)
def test_build_whose_cluster_goes_away_ends_with_a_manifest(
    processes: Callable[[Path], AbstractContextManager[ProcessCluster]],
    options: Callable[[ProcessCluster], list[str]],
    why: str,
    tmp_path: Path,
) -> None:
    folder = copy_of("shop", tmp_path / "shop")
    pids = tmp_path / "pids"
    (folder / "views" / "slow.py").write_text(KILLS_ITS_CLUSTER.format(pids=str(pids)), encoding="utf-8")
    with processes(tmp_path) as cluster:
        pids.write_text(" ".join(map(str, cluster.head_pids())), encoding="utf-8")
        answer = plan_cli("build", folder, *options(cluster))

    assert answer.code == 1, answer.text
    assert f"is lost: {why}" in answer.text
    assert "Traceback" not in answer.text
    listed = plan_cli("runs", folder)
    assert "failed" in listed.out
    built = manifest_of(plan_cli("build", folder, "--json", "--exclude", "slow"))
    assert rows(built)["paid_orders"] == 10


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_build_on_a_cluster_of_its_own_has_the_rows_and_leaves_no_process(executor: str, tmp_path: Path) -> None:
    folder = copy_of("shop", tmp_path / "shop")
    mark = f"BUILD_OF_A_TEST={tmp_path}"
    options = ["--json", "--executor", executor, "--max-tasks", "2"]

    built = manifest_of(plan_cli("build", folder, *options, env=dict([mark.split("=", 1)])))

    assert built.status is RunStatus.SUCCEEDED
    assert built.executor_config.kind.value == executor
    assert built.task_counts == {TaskStatus.SUCCEEDED: 3}
    assert wait_until_gone(mark) == set()


@pytest.mark.timeout(100)
@pytest.mark.parametrize(("executor", "library"), [("dask", "distributed"), ("ray", "ray")])
def test_build_on_an_executor_whose_extra_is_not_installed_names_it(
    executor: str, library: str, tmp_path: Path
) -> None:
    without = f"import runpy, sys; sys.modules[{library!r}] = None; runpy.run_module('plan_cli', run_name='__main__')"
    command = [sys.executable, "-c", without, "build", str(copy_of("shop", tmp_path / "shop")), "--executor", executor]

    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=90, check=False)

    assert done.returncode == 2
    assert f"needs the library `{library}`, which is not installed" in done.stderr
    assert f"plan-exec[{executor}]" in done.stderr
