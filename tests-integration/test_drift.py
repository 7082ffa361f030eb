"""Drift on the command line: what changed since the last build that succeeded, kept as an artifact with its event."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import PlanDriftEnvelope
from plan_store import PlanStore, SystemClock


def _orders(project: Path, columns: dict[str, list[int]]) -> None:
    pq.write_table(pa.table(columns), project / "data" / "orders.parquet")


@pytest.mark.timeout(300)
def test_drift_is_against_the_last_build_that_succeeded(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "data").mkdir(parents=True)
    (project / "views").mkdir()
    toml = '[project]\nname = "shop"\n\n[datasets.orders]\npath = "data/orders.parquet"\n'
    (project / "plan.toml").write_text(toml)
    (project / "views" / "v.sql").write_text("select order_id from orders\n")
    _orders(project, {"order_id": [1, 2], "amount": [3, 4]})
    assert "drift" not in plan_cli("build", project).out
    first = _latest(project)

    _orders(project, {"id": [1, 2], "amount": [3, 4]})
    refused = plan_cli("build", project)
    assert refused.code == 3
    assert f"drift since run {first}:" in refused.out
    assert "error    orders.order_id is gone, it was int64" in refused.out

    _orders(project, {"order_id": [1] * 9, "amount": [3] * 9})
    for command in ("validate", "build"):
        shown = plan_cli(command, project)
        assert shown.code == 0, shown.text
        assert f"drift since run {first}:\n    warning  orders has 9 rows, it had 2 rows\n" in shown.out
    with PlanStore.open(project / ".plan", clock=SystemClock(), read_only=True) as store:
        ids = store.manifest("latest").artifact_ids
        assert ids.plan_drift is not None
        assert store.artifact(ids.plan_drift)
        recorded = store.sql(f"select count(*) as n from events where event_name = '{PlanDriftEnvelope.event_name()}'")
    assert recorded["n"].to_pylist() == [2]


@pytest.mark.timeout(300)
def test_diff_of_two_runs_names_what_changed_between_them(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "data").mkdir(parents=True)
    (project / "views").mkdir()
    toml = '[project]\nname = "shop"\n\n[datasets.orders]\npath = "data/*.parquet"\n'
    (project / "plan.toml").write_text(toml + '\n[views.v]\nmaterialize = "table"\n')
    (project / "views" / "v.sql").write_text("select order_id, amount from orders\n")
    _orders(project, {"order_id": [1, 2], "amount": [3, 4]})
    assert plan_cli("build", project).code == 0
    alone = plan_cli("diff", project)
    assert (alone.code, "no run before" in alone.err) == (2, True)

    _orders(project, {"order_id": [1, 2, 3, 4], "amount": [3, 4, 5, 6]})
    (project / "views" / "v.sql").write_text("select order_id from orders\n")
    (project / "views" / "w.sql").write_text("select count(*) as n from v\n")
    assert plan_cli("build", project).code == 0

    shown = plan_cli("diff", project)
    assert shown.code == 0, shown.text
    assert shown.out.splitlines()[1:] == [
        "new: w",
        "other logic: v",
        "other data: orders",
        f"drift since run {shown.out.split(' ')[0]}:",
        "    warning  orders has 4 rows, it had 2 rows",
        "    info     v.amount is gone, it was int64",
        "outputs with other content:",
        "    v  4 rows, before 2",
    ]

    assert plan_cli("build", project).code == 0
    assert plan_cli("diff", project).out.splitlines()[1:] == ["nothing differs: the same views, data and outputs"]


def _latest(project: Path) -> str:
    with PlanStore.open(project / ".plan", clock=SystemClock(), read_only=True) as store:
        return store.manifest("latest").run_id
