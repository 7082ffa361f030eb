"""Builds on clusters of separate processes with data on an S3 service: right rows, no secret in any document."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from s3_service import BUCKET, s3_service, upload

from command_line import plan_cli
from on_clusters import manifest_of, on_dask, on_ray
from plan_contracts import RunStatus
from plan_exec.testing.clusters import dask_processes, ray_processes

SECRET = "a-key-that-nobody-may-ever-read-again"
ORDERS = {"region": ["north", "south", "north", "east"] * 500, "amount": list(range(2_000))}
EXPECTED = {
    region: sum(amount for index, amount in enumerate(ORDERS["amount"]) if ORDERS["region"][index] == region)
    for region in ("north", "south", "east")
}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Give the environment of whoever reads the bucket, which holds two files of orders."""
    folder = tmp_path_factory.mktemp("orders")
    table = pa.table(ORDERS)
    for number in range(2):
        pq.write_table(table.slice(number * 1_000, 1_000), folder / f"orders-{number}.parquet")
    with s3_service() as endpoint:
        upload(endpoint, folder, "orders")
        yield {"LAKE_ENDPOINT": endpoint, "LAKE_KEY": "lake", "LAKE_SECRET": SECRET}


def project_on_s3(folder: Path, endpoint: str) -> Path:
    """Write a project over the bucket: two views, of which one reads the other."""
    (folder / "views").mkdir(parents=True)
    (folder / "plan.toml").write_text(
        '[project]\nname = "lake"\nviews = "views"\noutputs = "out"\n\n[defaults]\nmaterialize = "table"\n\n'
        f'[datasets.orders]\npath = "s3://{BUCKET}/orders/*.parquet"\n\n'
        f'[datasets.orders.storage_options]\nendpoint = "{endpoint}"\nregion = "us-east-1"\n'
        'access_key_id = "${LAKE_KEY}"\nsecret_access_key = "${LAKE_SECRET}"\n'
    )
    (folder / "views" / "large.sql").write_text("select region, amount from orders where amount >= 0\n")
    (folder / "views" / "by_region.sql").write_text("select region, sum(amount) as total from large group by region\n")
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_build_on_cluster_reads_the_bucket_and_keeps_no_secret(
    executor: str, variables: Mapping[str, str], tmp_path: Path
) -> None:
    folder = project_on_s3(tmp_path / "lake", variables["LAKE_ENDPOINT"])
    logs = tmp_path / "cluster"
    logs.mkdir()
    processes, options = (dask_processes, on_dask) if executor == "dask" else (ray_processes, on_ray)

    with processes(logs, environment=variables) as cluster:
        answer = plan_cli("build", folder, "--json", *options(cluster), env=variables)
    built = manifest_of(answer)

    assert built.status is RunStatus.SUCCEEDED
    assert {record.name for record in built.outputs} == {"large", "by_region"}
    found = pq.read_table(folder / "out" / "by_region.parquet").to_pydict()
    assert dict(zip(found["region"], found["total"], strict=True)) == EXPECTED
    assert SECRET not in answer.text
    written = [path for path in [*folder.rglob("*"), *logs.rglob("*")] if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []
