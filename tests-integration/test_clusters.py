"""Builds on Dask and Ray clusters of separate processes have the rows and ids of a serial build; refusals are clear."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import plan_cli
from on_clusters import copy_of, manifest_of, on_dask, on_ray, rows
from plan_contracts import RunManifestV2, RunStatus
from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes

CRASHES_ONCE = """
import os, signal, sys

if "--mode=specific-server" in sys.orig_argv and not os.path.exists({crashed!r}):
    open({crashed!r}, "w").close()
    os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with dask_processes(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with ray_processes(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> RunManifestV2:
    folder = copy_of("tpch", tmp_path_factory.mktemp("serial") / "tpch")
    return manifest_of(plan_cli("build", folder, "--json", "--mode", "deterministic_serial"))


@pytest.mark.timeout(300)
def test_build_on_dask_cluster_has_rows_and_ids_of_a_serial_build(
    dask: ProcessCluster, serial: RunManifestV2, tmp_path: Path
) -> None:
    built = manifest_of(plan_cli("build", copy_of("tpch", tmp_path / "tpch"), "--json", *on_dask(dask)))

    assert built.artifact_ids == serial.artifact_ids
    assert rows(built) == rows(serial)


@pytest.mark.timeout(300)
def test_build_on_ray_cluster_has_rows_and_ids_of_a_serial_build(
    ray: ProcessCluster, serial: RunManifestV2, tmp_path: Path
) -> None:
    built = manifest_of(plan_cli("build", copy_of("tpch", tmp_path / "tpch"), "--json", *on_ray(ray)))

    assert built.artifact_ids == serial.artifact_ids
    assert rows(built) == rows(serial)


@pytest.mark.timeout(300)
def test_build_on_cluster_named_in_plan_toml_reads_its_token_beside_it(ray: ProcessCluster, tmp_path: Path) -> None:
    assert ray.token_file is not None
    folder = copy_of("shop", tmp_path / "shop")
    shutil.copy(ray.token_file, folder / "token")
    with (folder / "plan.toml").open("a", encoding="utf-8") as file:
        file.write('\n[execution.executor]\nkind = "ray"\nmax_tasks = 2\n')
        file.write(f'[execution.executor.ray]\naddress = "{ray.address}"\ntoken_file = "token"\n')

    answer = plan_cli("build", folder, "--json", cwd=tmp_path)

    assert manifest_of(answer).status is RunStatus.SUCCEEDED
    assert ray.token_file.read_text(encoding="utf-8") not in answer.text


@pytest.mark.timeout(300)
def test_build_on_ray_cluster_through_its_client_server(ray: ProcessCluster, tmp_path: Path) -> None:
    assert ray.client_address is not None
    options = ["--executor", "ray", "--ray-address", ray.client_address, "--ray-token-file", str(ray.token_file)]

    built = manifest_of(plan_cli("build", copy_of("shop", tmp_path / "shop"), "--json", *options))

    assert rows(built) == {"paid_orders": 10, "best_customers": 10, "monthly_revenue": 3}


@pytest.mark.timeout(300)
def test_build_joins_again_when_the_process_that_a_client_server_forks_for_it_crashes(tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    (tmp_path / "sitecustomize.py").write_text(CRASHES_ONCE.format(crashed=str(crashed)), encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = {"PYTHONPATH": path, "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "3"}  # for what has crashed
    with ray_processes(tmp_path, environment=environment) as cluster:
        options = ["--executor", "ray", "--ray-address", str(cluster.client_address)]
        options += ["--ray-token-file", str(cluster.token_file)]
        built = manifest_of(plan_cli("build", copy_of("shop", tmp_path / "shop"), "--json", *options))

    assert crashed.exists()
    assert rows(built) == {"paid_orders": 10, "best_customers": 10, "monthly_revenue": 3}


@pytest.mark.timeout(300)
def test_build_on_ray_cluster_with_a_wrong_token_is_refused(ray: ProcessCluster, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("0" * 64, encoding="utf-8")
    options = ["--executor", "ray", "--ray-address", ray.address, "--ray-token-file", str(wrong)]

    answer = plan_cli("build", copy_of("shop", tmp_path / "shop"), *options)

    assert answer.code == 2
    assert "cluster_unreachable" in answer.text


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--executor", "dask", "--dask-address", "tcp://127.0.0.1:1"], "cluster_unreachable"),
        (["--executor", "ray", "--ray-address", "127.0.0.1:1"], "cluster_unreachable"),
        (["--executor", "dask", "--dask-address", "tcp://192.0.2.1:8786"], "cluster_not_secure"),
        (["--executor", "dask", "--dask-address", "tls://192.0.2.1:8786"], "cluster_not_secure"),
        (["--executor", "ray", "--ray-address", "192.0.2.1:6379"], "cluster_not_secure"),
    ],
)
def test_build_on_cluster_that_cannot_be_joined_is_refused_in_words(
    options: list[str], code: str, tmp_path: Path
) -> None:
    answer = plan_cli("build", copy_of("shop", tmp_path / "shop"), *options)

    assert answer.code == 2
    assert code in answer.text
    assert "Traceback" not in answer.text
