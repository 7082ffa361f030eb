"""Clusters that go away end a build cleanly, and clusters of a build's own leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from command_line import Answer, plan_cli
from on_clusters import copy_of, manifest_of, on_dask, on_ray, rows, wait_until_gone
from plan_contracts import RunStatus, TaskStatus
from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes

GREETING = "ray::run"
"""In the command line of a worker that runs a task of Ray's."""

ENDS_ITS_CLUSTER = """
import os, time

import pyarrow as pa


def slow(orders: pa.Table) -> pa.Table:
    for pid in open({pids!r}).read().split():
        os.kill(int(pid), {number})
    time.sleep(60)
    return orders
"""

BUILD_BY_A_RAYLET_THAT_FREEZES = """
import os, signal, sys

from plan_cli.__main__ import main
from plan_exec.executors import ray, ray_cluster

raylets, sys.argv[1:] = sys.argv[1].split(), sys.argv[2:]
look = ray_cluster._check_raylets


def look_and_freeze(address):
    look(address)
    for pid in raylets:
        os.kill(int(pid), signal.SIGSTOP)


ray_cluster._check_raylets, ray_cluster.JOIN_SECONDS, ray.DEAF_SECONDS = look_and_freeze, 5.0, 2.0
main()
"""


def slow_project(folder: Path, pids: Path, number: signal.Signals) -> Path:
    """Write a project with a task that sends these processes a signal and sleeps for a minute."""
    project = copy_of("shop", folder / "shop")
    view = ENDS_ITS_CLUSTER.format(pids=str(pids), number=int(number))
    (project / "views" / "slow.py").write_text(view, encoding="utf-8")
    return project


def build_without_end(
    processes: Callable[[Path], AbstractContextManager[ProcessCluster]],
    options: Callable[[ProcessCluster], list[str]],
    hit: Callable[[ProcessCluster], list[int]],
    number: signal.Signals,
    folder: Path,
) -> Answer:
    """Build on a cluster, some of whose processes a task sends a signal before it sleeps."""
    pids = folder / "pids"
    project = slow_project(folder, pids, number)
    with processes(folder) as cluster:
        pids.write_text(" ".join(map(str, hit(cluster))), encoding="utf-8")
        return plan_cli("build", project, *options(cluster))


def raylets(cluster: ProcessCluster) -> list[int]:
    """Give the processes that start a Ray cluster's workers."""
    return cluster.pids_of("/raylet/raylet ")


def on_ray_client(cluster: ProcessCluster) -> list[str]:
    """Give the options of a build that is no node of the Ray cluster."""
    return [cluster.client_address or "" if option == cluster.address else option for option in on_ray(cluster)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("processes", "options", "hit", "why"),
    [
        (dask_processes, on_dask, ProcessCluster.head_pids, "its scheduler went away"),
        (ray_processes, on_ray, ProcessCluster.head_pids, "its head went away"),
        (ray_processes, on_ray, raylets, "its head went away"),
    ],
    ids=["dask", "ray", "raylet"],
)
def test_build_whose_cluster_goes_away_ends_with_a_manifest(
    processes: Callable[[Path], AbstractContextManager[ProcessCluster]],
    options: Callable[[ProcessCluster], list[str]],
    hit: Callable[[ProcessCluster], list[int]],
    why: str,
    tmp_path: Path,
) -> None:
    answer = build_without_end(processes, options, hit, signal.SIGKILL, tmp_path / "build")

    assert answer.code == 1, answer.text
    assert f"is lost: {why}" in answer.text
    assert "Traceback" not in answer.text
    project = tmp_path / "build" / "shop"
    listed = plan_cli("runs", project)
    assert "failed" in listed.out
    built = manifest_of(plan_cli("build", project, "--json", "--exclude", "slow"))
    assert rows(built)["paid_orders"] == 10


@pytest.mark.timeout(300)
def test_builds_whose_heads_fall_silent_end_with_a_manifest(tmp_path: Path) -> None:
    ways = {
        "dask": (dask_processes, on_dask, "its scheduler has named no worker for 30 s"),
        "ray": (ray_processes, on_ray, "its head has named no cores for 30 s"),
        "client": (ray_processes, on_ray_client, "its head has named no cores for 30 s"),
    }
    heads, frozen = ProcessCluster.head_pids, signal.SIGSTOP
    with ThreadPoolExecutor() as builds:  # beside one another, for each waits half a minute
        asked = {
            name: builds.submit(build_without_end, processes, options, heads, frozen, tmp_path / name)
            for name, (processes, options, _) in ways.items()
        }
    answers = {name: build.result() for name, build in asked.items()}

    assert {name: answer.code for name, answer in answers.items()} == dict.fromkeys(ways, 1), answers
    for name, (_, _, why) in ways.items():
        assert f"is lost: {why}" in answers[name].text
        assert "Traceback" not in answers[name].text
        assert "failed" in plan_cli("runs", tmp_path / name / "shop").out


@pytest.mark.timeout(120)
def test_build_by_a_silent_raylet_is_refused(tmp_path: Path) -> None:
    project = copy_of("shop", tmp_path / "shop")
    with ray_processes(tmp_path) as cluster:
        for pid in raylets(cluster):
            os.kill(pid, signal.SIGSTOP)
        answer = plan_cli("build", project, *on_ray(cluster))

    assert answer.code == 2, answer.text
    assert "cluster_unreachable" in answer.text
    assert "has not answered for 10 s" in answer.text


@pytest.mark.timeout(120)
def test_build_whose_raylet_freezes_while_ray_registers_is_ended_and_on_record(tmp_path: Path) -> None:
    project = copy_of("shop", tmp_path / "shop")
    with ray_processes(tmp_path) as cluster:
        pids = " ".join(map(str, raylets(cluster)))
        command = [sys.executable, "-c", BUILD_BY_A_RAYLET_THAT_FREEZES, pids, "build", str(project), *on_ray(cluster)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert f"The Ray cluster at `{cluster.address}` is lost: it holds up this process" in done.stderr
    manifest_of(plan_cli("build", project, "--json"))
    assert "interrupted" in plan_cli("runs", project).out


@pytest.mark.timeout(200)
def test_build_whose_head_goes_away_while_workers_start_ends_with_a_manifest(tmp_path: Path) -> None:
    nobody = tmp_path / "nobody"
    nobody.touch()
    project = slow_project(tmp_path, nobody, signal.SIGKILL)
    with ray_processes(tmp_path) as cluster, ThreadPoolExecutor() as builds:
        build = builds.submit(plan_cli, "build", project, *on_ray(cluster))
        while not (greeting := cluster.pids_of(GREETING)) and not build.done():
            time.sleep(0.01)
        for pid in cluster.head_pids():
            os.kill(pid, signal.SIGKILL)
        answer = build.result()

    assert greeting, answer.text
    assert answer.code == 1, answer.text
    assert "is lost: its head went away" in answer.text
    assert "Traceback" not in answer.text
    assert "failed" in plan_cli("runs", project).out


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
