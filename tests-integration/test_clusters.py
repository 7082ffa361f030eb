"""Builds on Dask and Ray clusters of separate processes have the rows and ids of a serial build; refusals are clear."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Answer, plan_cli
from plan_contracts import RunManifestV2, RunStatus, decode_json
from plan_exec.testing.clusters import ProcessCluster, dask_processes, ray_processes

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"
TPCH = Path(__file__).parent.parent / "docs" / "examples" / "tpch"


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with dask_processes(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with ray_processes(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster


def on_dask(cluster: ProcessCluster) -> list[str]:
    return ["--executor", "dask", "--max-tasks", "2", "--dask-address", cluster.address]


def on_ray(cluster: ProcessCluster) -> list[str]:
    options = ["--executor", "ray", "--max-tasks", "2", "--ray-address", cluster.address]
    return [*options, "--ray-token-file", str(cluster.token_file)]


def copy_of(example: Path, target: Path) -> Path:
    shutil.copytree(example, target, ignore=shutil.ignore_patterns(".plan", "out"))
    return target


def manifest_of(answer: Answer) -> RunManifestV2:
    assert answer.code == 0, answer.text
    return decode_json(answer.out.encode(), RunManifestV2)


def rows(manifest: RunManifestV2) -> dict[str, int]:
    return {record.name: record.rows for record in manifest.outputs}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> RunManifestV2:
    folder = copy_of(TPCH, tmp_path_factory.mktemp("serial") / "tpch")
    return manifest_of(plan_cli("build", folder, "--json", "--mode", "deterministic_serial"))


@pytest.mark.timeout(300)
def test_build_on_dask_cluster_has_rows_and_ids_of_a_serial_build(
    dask: ProcessCluster, serial: RunManifestV2, tmp_path: Path
) -> None:
    built = manifest_of(plan_cli("build", copy_of(TPCH, tmp_path / "tpch"), "--json", *on_dask(dask)))

    assert built.artifact_ids == serial.artifact_ids
    assert rows(built) == rows(serial)


@pytest.mark.timeout(300)
def test_build_on_ray_cluster_has_rows_and_ids_of_a_serial_build(
    ray: ProcessCluster, serial: RunManifestV2, tmp_path: Path
) -> None:
    built = manifest_of(plan_cli("build", copy_of(TPCH, tmp_path / "tpch"), "--json", *on_ray(ray)))

    assert built.artifact_ids == serial.artifact_ids
    assert rows(built) == rows(serial)


@pytest.mark.timeout(300)
def test_build_on_cluster_named_in_plan_toml_reads_its_token_beside_it(ray: ProcessCluster, tmp_path: Path) -> None:
    assert ray.token_file is not None
    folder = copy_of(SHOP, tmp_path / "shop")
    shutil.copy(ray.token_file, folder / "token")
    with (folder / "plan.toml").open("a", encoding="utf-8") as file:
        file.write('\n[execution.executor]\nkind = "ray"\nmax_tasks = 2\n')
        file.write(f'[execution.executor.ray]\naddress = "{ray.address}"\ntoken_file = "token"\n')

    answer = plan_cli("build", folder, "--json", cwd=tmp_path)

    assert manifest_of(answer).status is RunStatus.SUCCEEDED
    assert ray.token_file.read_text(encoding="utf-8") not in answer.text


@pytest.mark.timeout(300)
def test_build_on_ray_cluster_with_a_wrong_token_is_refused(ray: ProcessCluster, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("0" * 64, encoding="utf-8")
    options = ["--executor", "ray", "--ray-address", ray.address, "--ray-token-file", str(wrong)]

    answer = plan_cli("build", copy_of(SHOP, tmp_path / "shop"), *options)

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
    answer = plan_cli("build", copy_of(SHOP, tmp_path / "shop"), *options)

    assert answer.code == 2
    assert code in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.timeout(300)
def test_build_whose_dask_scheduler_goes_away_ends_with_a_manifest(tmp_path: Path) -> None:
    folder = copy_of(SHOP, tmp_path / "shop")
    (folder / "views" / "slow.py").write_text(
        "import os, signal, time\n\n"
        "import pyarrow as pa\n\n\n"
        "def slow(orders: pa.Table) -> pa.Table:\n"
        f"    os.kill(int(open({str(tmp_path / 'pid')!r}).read()), signal.SIGKILL)\n"
        "    time.sleep(60)\n"
        "    return orders\n",
        encoding="utf-8",
    )
    with dask_processes(tmp_path) as cluster:
        (tmp_path / "pid").write_text(str(cluster.head.pid), encoding="utf-8")
        answer = plan_cli("build", folder, *on_dask(cluster))

    assert answer.code == 1, answer.text
    assert "is lost: its scheduler went away" in answer.text
    listed = plan_cli("runs", folder)
    assert "failed" in listed.out
