"""An object store that is away for a while in the middle of a build, with data, outputs and store in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from s3_service import BUCKET, s3_service, upload

from command_line import plan_cli
from failing_relay import Outage, failing_relay
from on_clusters import manifest_of
from plan_contracts import RunManifestV2, RunStatus

FILES, PARTS, ROWS = 2, 6, 500
"""Few files, so that an attempt to scan them asks for less than comes between two outages."""
TOTALS = {part: sum(range(part * ROWS, (part + 1) * ROWS)) for part in range(PARTS)}
BETWEEN_OUTAGES = 20
CLIENTS_ATTEMPTS = 11
"""How often DataFusion's client asks for a part of an object before a query fails."""
EVENTS = """
select event_name, count(*) as rows, count(distinct event_payload_hash || event_time_unix_ms) as different
from events group by event_name order by event_name
"""
WAYS = {
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
    "dask": ["--executor", "dask", "--max-tasks", "2"],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a service with two small files; give its port."""
    folder = tmp_path_factory.mktemp("orders")
    amounts = pa.array(range(PARTS * ROWS))
    orders = pa.table({"part": pc.divide(amounts, ROWS), "amount": amounts})
    for number in range(FILES):
        rows = orders.num_rows // FILES
        pq.write_table(orders.slice(number * rows, rows), folder / f"orders-{number}.parquet")
    with s3_service() as endpoint:
        upload(endpoint, folder, "orders")
        yield int(endpoint.rpartition(":")[2])


def project_in_the_bucket(folder: Path, port: int) -> Path:
    """Write a project whose data, outputs and store are in the bucket."""
    outside = f'outputs = "s3://{BUCKET}/{folder.name}/out"\nstore = "s3://{BUCKET}/{folder.name}/store"\n'
    return project(folder, port, outside)


def project(folder: Path, port: int, places: str = "") -> Path:
    """Write a project whose data are in the bucket; outputs and store are beside it, or in other places."""
    (folder / "views").mkdir(parents=True)
    (folder / "plan.toml").write_text(
        f'[project]\nname = "lake"\n{places}\n[defaults]\nmaterialize = "table"\n\n'
        f'[datasets.orders]\npath = "s3://{BUCKET}/orders/*.parquet"\n\n'
        f'[datasets.orders.storage_options]\nendpoint = "http://127.0.0.1:{port}"\nregion = "us-east-1"\n'
        'access_key_id = "${AWS_ACCESS_KEY_ID}"\nsecret_access_key = "${AWS_SECRET_ACCESS_KEY}"\n'
    )
    (folder / "views" / "large.sql").write_text("select part, amount from orders where amount >= 0\n")
    for part in range(PARTS):
        (folder / "views" / f"total_{part}.sql").write_text(
            f"select sum(amount) as total from large where part = {part}\n"
        )
    return folder


def environment(port: int) -> Mapping[str, str]:
    """Give the environment of whoever uses the service at a port."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }


def totals(folder: Path, manifest: RunManifestV2) -> dict[int, int]:
    """Read each output that a manifest lists, of those in the bucket their local copies."""
    found: dict[int, int] = {}
    for record in manifest.outputs:
        if record.name.startswith("total_"):
            output = folder / "out" / record.uri
            copies = (folder / ".plan" / "cache").rglob(f"*{record.build_key}*/{record.name}*.parquet")
            copy = output if output.exists() else next(copies)
            assert hashlib.sha256(copy.read_bytes()).hexdigest() == record.sha256
            found[int(record.name.removeprefix("total_"))] = pq.read_table(copy).column("total")[0].as_py()
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
def test_build_outlasts_every_kind_of_outage(way: str, service: int, tmp_path: Path) -> None:
    with failing_relay(service) as relay:
        folder = project_in_the_bucket(tmp_path / f"lasting_{way}", relay.port)
        relay.outages, relay.after_requests = [*Outage, *Outage], BETWEEN_OUTAGES
        answer = plan_cli("build", folder, "--json", *WAYS[way], env=environment(relay.port))
        print(f"{relay.passed} requests were answered, {sum(relay.failed.values())} met an outage")
        built = manifest_of(answer)
        events = plan_cli("events", folder, "--json", "--sql", EVENTS, env=environment(relay.port))

    assert relay.failed.keys() == set(Outage)
    assert built.status is RunStatus.SUCCEEDED
    assert totals(folder, built) == TOTALS
    counted = {row["event_name"]: row for row in map(json.loads, events.out.splitlines())}
    assert [name for name, row in counted.items() if row["rows"] != row["different"]] == []
    assert counted["run_started_v1"]["rows"] == counted["run_finished_v1"]["rows"] == 1
    assert counted["task_finished_v1"]["rows"] == sum(built.task_counts.values()) == PARTS + 2
    retried = sum(attempts - 1 for attempts in built.retried_tasks.values())
    assert counted.get("task_retried_v1", {"rows": 0})["rows"] == retried


@pytest.mark.timeout(120)
def test_scan_is_tried_again_when_its_client_has_given_up(service: int, tmp_path: Path) -> None:
    with failing_relay(service) as relay:
        relay.about = "/orders-"
        manifest_of(plan_cli("build", project(tmp_path / "calm", relay.port), "--json", env=environment(relay.port)))
        # The last objects that a build asks for are those that its scan reads, a part of each.
        relay.after_requests = 2 * relay.passed - FILES
        relay.outages, relay.seconds, relay.most_requests = [Outage.HANGS_UP], 60.0, FILES * CLIENTS_ATTEMPTS
        folder = project(tmp_path / "stormy", relay.port)
        built = manifest_of(plan_cli("build", folder, "--json", env=environment(relay.port)))

    assert relay.failed == {Outage.HANGS_UP: FILES * CLIENTS_ATTEMPTS}
    assert built.status is RunStatus.SUCCEEDED
    assert built.retried_tasks == {"scan-orders": 2}
    assert totals(folder, built) == TOTALS
