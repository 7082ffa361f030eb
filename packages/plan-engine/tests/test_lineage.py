"""Lineage goes through views to the datasets, and ends where nothing can be traced."""

from pathlib import Path

from project_builder import compiled, write_project

from plan_contracts import CompiledProject, SourceColumn, ViewLineage, load_project_file
from plan_engine import compile_project, trace_lineage

VIEWS = {
    "paid": "select order_id, customer_id as buyer, amount * 2 as twice from orders where status = 'paid'",
    "totals": "select buyer, sum(twice) as total, count(*) as n from paid group by buyer having count(*) > 1",
    "named": 'select "Town" as town, t.total from totals t join customers c on customer_id = buyer order by c.name',
}


def _sources(lineage: ViewLineage, *, origins: bool = False) -> dict[str, list[str]]:
    return {
        column.name: [f"{each.table}.{each.column}" for each in (column.origins if origins else column.sources)]
        for column in lineage.columns
    }


def _rows(lineage: ViewLineage) -> list[str]:
    return [f"{each.table}.{each.column}" for each in lineage.rows]


def test_trace_lineage_columns_come_from_inputs_and_in_the_end_from_datasets(tmp_path: Path) -> None:
    lineage = trace_lineage(compiled(tmp_path, VIEWS), "named")
    assert _sources(lineage) == {"town": ["customers.Town"], "total": ["totals.total"]}
    assert _sources(lineage, origins=True) == {"town": ["customers.Town"], "total": ["orders.amount"]}
    assert _rows(lineage) == ["customers.customer_id", "customers.name", "totals.buyer"]


def test_trace_lineage_counts_come_from_no_column_and_rows_from_groups(tmp_path: Path) -> None:
    lineage = trace_lineage(compiled(tmp_path, VIEWS), "totals")
    assert _sources(lineage) == {"buyer": ["paid.buyer"], "total": ["paid.twice"], "n": []}
    assert _rows(lineage) == ["paid.buyer"]


def test_trace_lineage_with_variables_and_a_pinned_clock(tmp_path: Path) -> None:
    views = {"v": "select amount * $rate as x, now() as n from orders where status = $status"}
    toml = "\n[vars]\nrate = 2.0\nstatus = { secret = '${NO_SUCH_SECRET}' }\nnow = 2024-01-01\n"
    lineage = trace_lineage(compiled(tmp_path, views, toml), "v")
    assert _sources(lineage) == {"x": ["orders.amount"], "n": []}
    assert _rows(lineage) == ["orders.status"]


def _with_function(folder: Path) -> CompiledProject:
    write_project(folder, {"after": "select score + 1 as s from scores"})
    (folder / "views" / "scores.py").write_text(
        "import pyarrow as pa\nfrom plan_engine import view\n\n"
        "@view(output={'score': 'double'})\ndef scores(orders: pa.Table) -> pa.Table: ...\n"
    )
    return compile_project(folder, load_project_file(folder))


def test_trace_lineage_ends_at_a_function(tmp_path: Path) -> None:
    project = _with_function(tmp_path)
    assert not trace_lineage(project, "scores").traced
    after = trace_lineage(project, "after")
    assert after.columns[0].origins == after.columns[0].sources == (SourceColumn(table="scores", column="score"),)


def test_trace_lineage_of_a_view_that_does_not_plan_is_not_traced(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select nothing from orders"})
    assert trace_lineage(project, "v") == ViewLineage(view="v", traced=False)
