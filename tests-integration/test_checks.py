"""Write, audit, publish, from plan.toml to the output: data that breaks its contract replaces nothing."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import PlanScheduleArtifact, RunManifestV2, decode_json
from plan_store import PlanStore, SystemClock

WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}

TOML = """\
[project]
name = "shop"

[datasets.orders]
path = "data/orders.csv"
contract = { not_null = ["amount"], accepted_values = { status = ["paid", "open"] } }

[datasets.towns]
path = "data/towns.csv"

[views.paid]
materialize = "table"
contract = { unique = ["order_id"], min_rows = 1, expressions = { positive = "amount > 0" } }
"""

VIEWS = {
    "paid": "select order_id, amount from orders where status = 'paid'\n",
    "revenue": "select sum(amount) as revenue from paid\n",
    "open_orders": "select count(*) as n from orders where status = 'open'\n",
    "town_count": "select count(*) as n from towns\n",
}

GOOD = "order_id,status,amount\n1,paid,5\n2,open,7\n3,paid,2\n"
BETTER = "order_id,status,amount\n1,paid,5\n2,open,7\n3,paid,4\n"
DOUBLED = "order_id,status,amount\n1,paid,5\n2,open,7\n1,paid,-3\n"
UNKNOWN_STATUS = "order_id,status,amount\n1,paid,5\n2,lost,7\n"


def _project(folder: Path, orders: str) -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "views").mkdir(exist_ok=True)
    (folder / "data" / "orders.csv").write_text(orders)
    (folder / "data" / "towns.csv").write_text("town\nUlm\nNara\n")
    (folder / "plan.toml").write_text(TOML)
    for name, sql in VIEWS.items():
        (folder / "views" / f"{name}.sql").write_text(sql)
    return folder


def _outputs(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((project / "out").iterdir())}


def _statuses(project: Path) -> dict[str, str]:
    """Give how each task of the latest run ended."""
    with PlanStore.open(project / ".plan", clock=SystemClock(), read_only=True) as store:
        latest = store.manifest("latest").run_id
        table = store.sql(f"select task, status from tasks where run_id = '{latest}'")
    return dict(zip(table["task"].to_pylist(), table["status"].to_pylist(), strict=True))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
def test_build_of_data_that_breaks_its_contract_replaces_nothing_and_holds_the_readers(
    way: str, tmp_path: Path
) -> None:
    project = _project(tmp_path / "shop", GOOD)
    first = plan_cli("build", project, *WAYS[way])
    assert first.code == 0, first.text
    before = _outputs(project)

    _project(project, DOUBLED)
    (project / "data" / "towns.csv").write_text("town\nUlm\n")
    failed = plan_cli("build", project, *WAYS[way])

    assert failed.code == 1, failed.text
    assert "unique(order_id) finds 1 row, such as order_id = 1, rows = 2" in failed.out
    assert "expression(positive) finds 1 row, such as order_id = 1, amount = -3" in failed.out
    assert _statuses(project) == {
        "check-orders": "succeeded",
        "paid": "succeeded",
        "check-paid": "failed",
        "revenue": "skipped",
        "open_orders": "succeeded",
        "town_count": "succeeded",
    }
    after = _outputs(project)
    assert {name for name in before if after[name] != before[name]} == {"town_count.parquet"}

    _project(project, BETTER)
    mended = plan_cli("build", project, *WAYS[way])
    assert mended.code == 0, mended.text
    assert pq.read_table(project / "out" / "revenue.parquet").to_pylist() == [{"revenue": 9}]


@pytest.mark.timeout(200)
def test_build_of_a_dataset_that_breaks_its_contract_runs_nothing_that_reads_it(tmp_path: Path) -> None:
    project = _project(tmp_path / "shop", UNKNOWN_STATUS)
    failed = plan_cli("build", project)
    assert failed.code == 1, failed.text
    assert "accepted_values(status) finds 1 row, such as status = lost" in failed.out
    assert _statuses(project) == {
        "check-orders": "failed",
        "paid": "skipped",
        "check-paid": "skipped",
        "revenue": "skipped",
        "open_orders": "skipped",
        "town_count": "succeeded",
    }
    assert list(_outputs(project)) == ["town_count.parquet"]


@pytest.mark.timeout(300)
def test_checks_are_run_again_only_when_content_or_contract_changed(tmp_path: Path) -> None:
    project = _project(tmp_path / "shop", GOOD)
    built = plan_cli("build", project, "--json", "--costs", "statistics")
    again = plan_cli("build", project, "--json", "--costs", "statistics")
    manifests = [decode_json(answer.out.encode(), RunManifestV2) for answer in (built, again)]
    assert set(_statuses(project).values()) == {"reused"}
    assert manifests[0].checks == manifests[1].checks
    assert manifests[0].artifact_ids.run_manifest == manifests[1].artifact_ids.run_manifest

    (project / "plan.toml").write_text(TOML.replace("amount > 0", "amount > 1"))
    stricter = plan_cli("build", project)
    assert stricter.code == 0, stricter.text
    statuses = _statuses(project)
    assert statuses.pop("check-paid") == "succeeded"
    assert set(statuses.values()) == {"reused"}


@pytest.mark.timeout(200)
def test_checks_stand_in_the_schedule_with_their_costs(tmp_path: Path) -> None:
    project = _project(tmp_path / "shop", GOOD)
    shown = plan_cli("plan", project, "--json", "--costs", "statistics")
    schedule = decode_json(shown.out.encode(), PlanScheduleArtifact)
    order = schedule.ordered_tasks
    assert order.index("check-orders") < order.index("paid") < order.index("check-paid") < order.index("revenue")
    assert schedule.task_costs["check-paid"] > 0
    assert schedule.views_by_task["check-paid"] == ("paid",)


@pytest.mark.timeout(300)
def test_build_killed_while_a_check_runs_leaves_the_old_output(tmp_path: Path) -> None:
    project = _project(tmp_path / "shop", GOOD)
    (project / "plan.toml").write_text(TOML.replace("amount > 0", "length(repeat('ab', 200)) + amount > 0"))
    assert plan_cli("build", project).code == 0
    before = _outputs(project)
    rows = 2_000_000
    orders = pa.table({"order_id": range(rows), "status": ["paid"] * rows, "amount": [1] * rows})
    (project / "data" / "orders.csv").unlink()
    pq.write_table(orders, project / "data" / "orders.parquet")
    toml = (project / "plan.toml").read_text().replace("orders.csv", "orders.parquet")
    (project / "plan.toml").write_text(toml)

    command = [sys.executable, "-u", "-m", "plan_cli", "build", str(project), *WAYS["processes"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as build:
        assert build.stdout is not None
        for line in build.stdout:
            if "succeeded  paid" in line:
                build.send_signal(signal.SIGKILL)
                break
        build.stdout.read()
    assert build.returncode == -signal.SIGKILL
    assert _outputs(project)["paid.parquet"] == before["paid.parquet"]

    mended = plan_cli("build", project)
    assert mended.code == 0, mended.text
    assert pq.read_metadata(project / "out" / "paid.parquet").num_rows == rows
