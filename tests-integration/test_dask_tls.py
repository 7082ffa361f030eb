"""A Dask cluster that asks for certificates: who has one of its authority builds there, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from command_line import plan_cli
from on_clusters import copy_of, manifest_of, on_dask, rows
from plan_exec.testing.clusters import Certificates, ProcessCluster, dask_processes


def write_certificates(folder: Path) -> Certificates:
    """Found an authority, and let it certify this machine."""
    folder.mkdir()
    authority = trustme.CA()
    files = Certificates(ca_file=folder / "ca.pem", cert_file=folder / "cert.pem", key_file=folder / "key.pem")
    authority.cert_pem.write_to_path(files.ca_file)
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.cert_chain_pems[0].write_to_path(files.cert_file)
    issued.private_key_pem.write_to_path(files.key_file)
    return files


def shown(certificates: Certificates) -> list[str]:
    """Give the options by which a build shows certificates."""
    names = {"ca": certificates.ca_file, "cert": certificates.cert_file, "key": certificates.key_file}
    return [word for name, path in names.items() for word in (f"--dask-tls-{name}-file", str(path))]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return write_certificates(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def cluster(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessCluster]:
    with dask_processes(tmp_path_factory.mktemp("dask"), certificates=certificates) as running:
        yield running


@pytest.mark.timeout(300)
def test_build_with_a_certificate_of_the_cluster_s_authority_runs_there(
    cluster: ProcessCluster, certificates: Certificates, tmp_path: Path
) -> None:
    folder = copy_of("shop", tmp_path / "shop")

    built = manifest_of(plan_cli("build", folder, "--json", *on_dask(cluster), *shown(certificates)))

    assert rows(built) == {"paid_orders": 10, "best_customers": 10, "monthly_revenue": 3}


@pytest.mark.timeout(300)
def test_build_with_a_certificate_of_another_authority_is_refused(cluster: ProcessCluster, tmp_path: Path) -> None:
    foreign = write_certificates(tmp_path / "foreign")

    answer = plan_cli("build", copy_of("shop", tmp_path / "shop"), *on_dask(cluster), *shown(foreign))

    assert answer.code == 2
    assert "cluster_unreachable" in answer.text
    assert "certificate" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.timeout(300)
def test_build_whose_certificate_is_no_file_is_refused_with_its_name(cluster: ProcessCluster, tmp_path: Path) -> None:
    nowhere = Certificates(ca_file=tmp_path / "ca", cert_file=tmp_path / "cert", key_file=tmp_path / "key")

    answer = plan_cli("build", copy_of("shop", tmp_path / "shop"), *on_dask(cluster), *shown(nowhere))

    assert answer.code == 2
    assert str(tmp_path / "ca") in answer.text.replace("\n", "")
    assert "Traceback" not in answer.text
