"""What changes the identity of a view, and what does not."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datafusion import SessionConfig
from project_builder import CUSTOMERS, ORDERS, compiled, definition, write_project

from plan_contracts import ViewSource, load_project_file
from plan_engine import compile_project
from plan_engine.fingerprint import view_definition
from plan_engine.plan_view import plan_view
from plan_engine.planning_session import PlanningSession

BASE = "select o.order_id, o.amount * 2 as twice from orders o where o.status = 'paid'"

SAME = {
    "white space": "select  o.order_id,\n\to.amount * 2 as twice\nfrom orders o\nwhere o.status = 'paid'\n",
    "keyword case": "SELECT o.order_id, o.amount * 2 AS twice FROM orders o WHERE o.status = 'paid'",
    "line comment": BASE + " -- really",
    "block comment": BASE.replace("from", "/* here */ from"),
    "semicolon": BASE + ";",
    "case of a name": BASE.replace("o.order_id", "O.ORDER_ID"),
    "carriage returns": BASE.replace(" from", "\r\nfrom"),
    "nested comment": BASE.replace("from", "/* a /* b */ c */ from"),
    "comment that holds a query": BASE + "\n-- union all select 1, 2",
    "byte order mark": "\ufeff" + BASE,
}
DIFFERENT = {
    "literal": BASE.replace("'paid'", "'open'"),
    "white space within a literal": BASE.replace("'paid'", "'paid '"),
    "number": BASE.replace("* 2", "* 3"),
    "operator": BASE.replace("=", "<>"),
    "function": BASE.replace("o.amount * 2", "abs(o.amount) * 2"),
    "column order": "select o.amount * 2 as twice, o.order_id from orders o where o.status = 'paid'",
    "output name": BASE.replace("twice", "double_amount"),
    "column": BASE.replace("o.amount", "o.customer_id"),
    "join": BASE.replace("from orders o", "from orders o join customers c on c.customer_id = o.customer_id"),
    "limit": BASE + " limit 1",
    "distinct": BASE.replace("select", "select distinct"),
    "case of a literal": BASE.replace("'paid'", "'Paid'"),
    "case of a quoted name": BASE.replace("twice", '"Twice"'),
    "order by": BASE + " order by o.order_id",
    "direction": BASE + " order by o.order_id desc",
    "kind of join": BASE.replace(
        "from orders o", "from orders o left join customers c on c.customer_id = o.customer_id"
    ),
    "group": "select o.order_id, sum(o.amount) * 2 as twice from orders o where o.status = 'paid' group by o.order_id",
    "cast": BASE.replace("o.amount * 2", "cast(o.amount as float) * 2"),
    "brackets": BASE.replace("o.amount * 2", "o.amount * (2 - (1 - 1))"),
    "comment within a literal": BASE.replace("'paid'", "'paid--'"),
    "condition": BASE + " and o.amount > 0",
    "union": BASE + " union all select 1, 2.0",
    "window": BASE.replace("o.amount * 2", "sum(o.amount) over (order by o.order_id)"),
    "alias of a table": BASE.replace("orders o", "orders p").replace("o.", "p."),
}


@pytest.mark.parametrize("edit", SAME)
def test_definition_edit_without_meaning_keeps_it(edit: str, tmp_path: Path) -> None:
    before = definition(compiled(tmp_path / "a", {"v": BASE}), "v")

    assert before is not None
    assert definition(compiled(tmp_path / "b", {"v": SAME[edit]}), "v") == before


@pytest.mark.parametrize("edit", DIFFERENT)
def test_definition_edit_with_meaning_changes_it(edit: str, tmp_path: Path) -> None:
    before = definition(compiled(tmp_path / "a", {"v": BASE}), "v")
    after = definition(compiled(tmp_path / "b", {"v": DIFFERENT[edit]}), "v")

    assert after is not None
    assert after != before


def test_definition_table_of_edits_gives_as_many_definitions_as_meanings(tmp_path: Path) -> None:
    views = {f"v{number}": sql for number, sql in enumerate([*SAME.values(), *DIFFERENT.values()])}
    project = compiled(tmp_path, views)
    found = {definition(project, name) for name in views}
    assert len(found) == 1 + len(DIFFERENT)


def test_definition_type_of_a_read_column_changes_it_and_of_another_does_not(tmp_path: Path) -> None:
    folder = write_project(tmp_path, {"v": "select order_id from orders", "w": "select amount from orders"})
    before = compile_project(folder, load_project_file(folder))
    orders = pa.table({"order_id": pa.array([1], pa.int64()), "amount": pa.array([1.5], pa.float32())})
    pq.write_table(orders, folder / "data" / "orders.parquet")
    after = compile_project(folder, load_project_file(folder))

    assert definition(after, "v") == definition(before, "v")
    assert definition(after, "w") != definition(before, "w")


@pytest.mark.parametrize("call", ["now()", "current_date", "random()", "uuid()", "current_timestamp"])
def test_definition_of_a_volatile_view_is_stable_and_the_view_is_marked(call: str, tmp_path: Path) -> None:
    views = {"v": f"select order_id, {call} as x from orders", "w": "select order_id, 'now()' as x from orders"}
    first, second = compiled(tmp_path / "a", views), compiled(tmp_path / "b", views)

    assert definition(first, "v") == definition(second, "v")
    assert {node.name: node.volatile for node in first.graph.nodes if node.name in views} == {"v": True, "w": False}


SETTINGS = {
    "partitions": {"datafusion.execution.target_partitions": "1"},
    "many partitions": {"datafusion.execution.target_partitions": "16"},
    "batches": {"datafusion.execution.batch_size": "128"},
    "passes": {"datafusion.optimizer.max_passes": "1"},
    "joins": {"datafusion.optimizer.prefer_hash_join": "false"},
    "repartitioning": {
        "datafusion.optimizer.repartition_joins": "false",
        "datafusion.optimizer.repartition_aggregations": "false",
        "datafusion.optimizer.repartition_windows": "false",
    },
    "filters": {
        "datafusion.execution.parquet.pushdown_filters": "true",
        "datafusion.optimizer.filter_null_join_keys": "true",
    },
    "failed rules": {"datafusion.optimizer.skip_failed_rules": "true"},
    "statistics": {"datafusion.execution.collect_statistics": "false"},
    "time zone": {"datafusion.execution.time_zone": "+05:30"},
}
PLANNED = {
    "filtered": BASE,
    "joined": "select c.name, sum(o.amount) as a from orders o join customers c using (customer_id) group by 1",
    "ranked": "select *, row_number() over (partition by customer_id order by placed) as n from orders",
    "nested": "select name from customers where customer_id in (select customer_id from orders where amount > 1 + 1)",
    "clock": "select order_id, now() as at from orders where placed < now()",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_definition_does_not_depend_on_settings_of_the_optimizer(setting: str) -> None:
    config = SessionConfig()
    for key, value in SETTINGS[setting].items():
        config = config.set(key, value)

    assert _definitions(PlanningSession(config=config)) == _definitions(PlanningSession())


def _definitions(session: PlanningSession) -> dict[str, str]:
    session.add_table("orders", ORDERS.schema)
    session.add_table("customers", CUSTOMERS.schema)
    found: dict[str, str] = {}
    for name, sql in PLANNED.items():
        view = ViewSource(name=name, path=f"views/{name}.sql", sql=sql)
        planned = plan_view(session, view, ("customers", "orders"))
        assert planned.unoptimized is not None
        found[name] = view_definition(sql, planned.unoptimized, planned.required or {}, {})
    return found


def test_compile_project_is_equal_in_another_process_folder_and_hash_seed(tmp_path: Path) -> None:
    views = {"v": BASE, "w": "select twice, count(*) as n from v group by twice"}
    program = (
        "import sys, pathlib; from plan_contracts import artifact_id, load_project_file; "
        "from plan_engine import compile_project; folder = pathlib.Path(sys.argv[1]); "
        "compiled = compile_project(folder, load_project_file(folder)); "
        "print(artifact_id(compiled.graph), artifact_id(compiled.evidence), artifact_id(compiled.statistics), "
        "[snapshot.content_id for snapshot in compiled.snapshots.values()])"
    )
    answers: set[str] = set()
    for seed in ("0", "1", "2"):
        folder = write_project(tmp_path / f"copy{seed}" / ("deep" * int(seed)), views)
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": f"Etc/GMT+{seed}"}
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            env=env,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answers.add(done.stdout)

    assert len(answers) == 1
