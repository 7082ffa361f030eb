"""Dependencies, requirements and output columns come from the plan, not from the text."""

from pathlib import Path

import pytest
from project_builder import compiled, edges, required

from plan_contracts import FindingKind, PlanError, PlanErrors


def test_compile_project_filter_join_and_sort_columns_are_required(tmp_path: Path) -> None:
    sql = """select c.name from orders o join customers c on c.customer_id = o.customer_id
             where o.status = 'paid' order by o.placed"""
    project = compiled(tmp_path, {"v": sql})

    assert required(project, "orders", "v") == {
        "customer_id": "int64",
        "placed": "timestamp(us)",
        "status": "string",
    }
    assert required(project, "customers", "v") == {"customer_id": "int64", "name": "string"}


REFERENCES = {
    "cte shadows a dataset": ("with orders as (select * from customers) select name from orders", {"customers"}),
    "cte of the view's own name": ("with v as (select * from orders) select order_id from v", {"orders"}),
    "cte reads the outer table": ("with orders as (select * from orders) select order_id from orders", {"orders"}),
    "name in a string": ("select 'customers' as t, order_id from orders", {"orders"}),
    "name in a comment": ("select order_id /* from customers */ from orders -- customers", {"orders"}),
    "exists": (
        "select order_id from orders o where exists (select 1 from customers c where c.customer_id = o.customer_id)",
        {"orders", "customers"},
    ),
    "scalar subquery": (
        "select order_id from orders where customer_id > (select min(customer_id) from customers)",
        {"orders", "customers"},
    ),
    "union": ("select customer_id from orders union all select customer_id from customers", {"orders", "customers"}),
    "self join": ("select a.order_id from orders a join orders b using (order_id)", {"orders"}),
    "another case": ("select ORDER_ID from ORDERS", {"orders"}),
    "no table": ("select 1 as one", set[str]()),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_compile_project_dependencies_are_those_of_the_statement(case: str, tmp_path: Path) -> None:
    sql, producers = REFERENCES[case]

    project = compiled(tmp_path, {"v": sql})

    assert project.findings == ()
    assert edges(project) == {(producer, "v") for producer in producers}


def test_compile_project_scalar_subquery_columns_are_required(tmp_path: Path) -> None:
    sql = "select order_id from orders where customer_id > (select min(customer_id) from customers where name <> 'x')"
    project = compiled(tmp_path, {"v": sql})

    assert required(project, "customers", "v") == {"customer_id": "int64", "name": "string"}


def test_compile_project_select_star_requires_every_column(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select * from customers"})

    assert required(project, "customers", "v") == {"Town": "string", "customer_id": "int64", "name": "string"}
    assert [column.name for column in project.evidence.entries["v"].columns] == ["customer_id", "name", "Town"]


def test_compile_project_view_of_a_view_reads_its_derived_columns(tmp_path: Path) -> None:
    views = {
        "below/b": "select total * 2 as twice from a",
        "a": "select customer_id, cast(sum(amount) as decimal(12, 2)) as total from orders group by customer_id",
    }
    project = compiled(tmp_path, views)

    assert required(project, "a", "b") == {"total": "decimal(12, 2)"}
    assert edges(project) == {("orders", "a"), ("a", "b")}
    paths = {node.name: node.path for node in project.graph.nodes}
    assert paths["b"] == "views/below/b.sql"


def test_compile_project_mixed_case_view_is_found_without_quotes(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"PaidOrders": "select order_id from orders", "v": "select order_id from PaidOrders"})

    assert edges(project) == {("orders", "PaidOrders"), ("PaidOrders", "v")}


def test_compile_project_chain_of_views_is_planned_in_any_file_order(tmp_path: Path) -> None:
    views = {f"v{index}": f"select n + 1 as n from v{index + 1}" for index in range(60)}
    views["v60"] = "select order_id as n from orders"

    project = compiled(tmp_path, views)

    assert project.findings == ()
    assert {column.type for name in views for column in project.evidence.entries[name].columns} == {"int64"}


def test_compile_project_every_missing_column_of_every_view_is_found(tmp_path: Path) -> None:
    views = {
        "a": "select o.order_di, o.amuont from orders o where o.statsu = 'paid'",
        "b": "select c.nam, upper(c.twon) as t from customers c",
        "c": "select b.nam from b",
    }
    project = compiled(tmp_path, views)

    assert required(project, "orders", "a") == {"amuont": None, "order_di": None, "statsu": None}
    assert required(project, "customers", "b") == {"nam": None, "twon": None}
    assert required(project, "b", "c") == {"nam": "null"}
    assert project.findings == ()


def test_compile_project_missing_column_of_a_joined_input_is_on_its_edge(tmp_path: Path) -> None:
    sql = "select o.order_id, c.nam from orders o join customers c on c.customer_id = o.customer_id"
    project = compiled(tmp_path, {"v": sql})

    assert required(project, "customers", "v") == {"customer_id": "int64", "nam": None}
    assert required(project, "orders", "v") == {"customer_id": "int64", "order_id": "int64"}


def test_compile_project_unqualified_missing_column_names_the_candidates(tmp_path: Path) -> None:
    sql = "select nam from orders o join customers c on c.customer_id = o.customer_id"
    project = compiled(tmp_path, {"v": sql})

    (finding,) = project.findings
    assert finding.kind is FindingKind.MISSING_COLUMN
    assert finding.candidates == ("customers", "orders")
    assert finding.suggestion == "name"
    assert finding.location is not None
    assert (finding.location.file, finding.location.line, finding.location.column) == ("views/v.sql", 1, 8)


def test_compile_project_unknown_table_is_a_finding_with_the_nearest_name(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select order_id\nfrom ordrs", "w": "select order_id from v"})

    (finding,) = project.findings
    assert (finding.view, finding.kind, finding.suggestion) == ("v", FindingKind.UNKNOWN_TABLE, "orders")
    assert finding.location is not None
    assert finding.location.line == 2
    assert required(project, "v", "w") is None


def test_compile_project_ambiguous_column_names_both_inputs(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select customer_id from orders, customers"})

    (finding,) = project.findings
    assert finding.kind is FindingKind.AMBIGUOUS_COLUMN
    assert finding.candidates == ("customers", "orders")


def test_compile_project_type_error_is_a_finding(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select order_id / placed as x from orders"})

    (finding,) = project.findings
    assert finding.kind is FindingKind.TYPE_ERROR


def test_compile_project_cycle_is_a_finding_on_each_member(tmp_path: Path) -> None:
    views = {
        "b": "select id from a",
        "c": "select id from b",
        "a": "select id from c",
        "d": "select id from a",
        "e": "select order_id from orders",
    }
    project = compiled(tmp_path, views)

    assert {finding.view: finding.subject for finding in project.findings} == dict.fromkeys("abc", "a -> b -> c -> a")
    assert required(project, "a", "d") is None
    assert required(project, "orders", "e") == {"order_id": "int64"}


FORBIDDEN = {
    "ddl": ("create table t as select 1 as one", "statement_forbidden"),
    "drop": ("drop table orders", "statement_forbidden"),
    "copy": ("copy (select 1 as one) to 'x.parquet'", "statement_forbidden"),
    "insert": ("insert into orders select * from orders", "statement_forbidden"),
    "delete": ("delete from orders", "statement_forbidden"),
    "set": ("set datafusion.execution.batch_size = 3", "statement_forbidden"),
    "explain": ("explain select order_id from orders", "statement_forbidden"),
    "show": ("show tables", "statement_forbidden"),
    "describe": ("describe orders", "statement_forbidden"),
    "several": ("select 1 as one; select 2 as two", "statement_forbidden"),
    "empty": ("", "sql_syntax"),
    "only a comment": ("-- nothing\n", "sql_syntax"),
    "syntax": ("select order_id\nfrom orders\nwhere where x", "sql_syntax"),
    "unterminated string": ("select 'x from orders", "sql_syntax"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_compile_project_view_that_is_not_one_query_is_refused(case: str, tmp_path: Path) -> None:
    sql, code = FORBIDDEN[case]

    with pytest.raises(PlanError) as refused:
        compiled(tmp_path, {"v": sql})

    assert refused.value.code == code
    assert refused.value.exit_code == 2
    assert refused.value.location is not None
    assert refused.value.location.file == "views/v.sql"


def test_compile_project_syntax_error_has_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as refused:
        compiled(tmp_path, {"v": "\ufeffselect order_id\r\nfrom orders\r\nwhere where x"})

    assert refused.value.location is not None
    assert refused.value.location.line == 3


def test_compile_project_file_read_by_path_is_refused(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": f"select * from '{tmp_path}/data/orders.parquet'"})

    assert [finding.kind for finding in project.findings] == [FindingKind.UNKNOWN_TABLE]


def test_compile_project_bom_and_crlf_do_not_change_the_definition(tmp_path: Path) -> None:
    plain = compiled(tmp_path / "a", {"v": "select order_id\nfrom orders"})
    other = compiled(tmp_path / "b", {"v": "\ufeffselect order_id\r\nfrom orders;\r\n"})

    assert plain.graph == other.graph


def test_compile_project_line_breaks_of_any_system_do_not_change_the_definition(tmp_path: Path) -> None:
    plain = compiled(tmp_path / "a", {"v": "select order_id -- the key\nfrom orders"})
    other = compiled(tmp_path / "b", {"v": "select order_id -- the key\rfrom orders"})

    assert plain.graph == other.graph


def test_compile_project_views_below_and_behind_links_are_found_and_hidden_ones_are_not(tmp_path: Path) -> None:
    views = tmp_path / "views"
    for folder in (views / "marts", views / ".drafts", tmp_path / "shared"):
        folder.mkdir(parents=True)
    (views / "marts" / "b.sql").write_text("select order_id from orders")
    (tmp_path / "shared" / "c.sql").write_text("select order_id from b")
    (views / "linked").symlink_to(tmp_path / "shared")
    (views / "again").symlink_to(views)  # which leads in circles
    (views / ".drafts" / "d.sql").write_text("select")
    (views / ".e.sql").write_text("select")

    project = compiled(tmp_path, {"a": "select order_id from c"})

    assert {name: source.path for name, source in project.sources.items()} == {
        "a": "views/a.sql",
        "b": "views/marts/b.sql",
        "c": "views/linked/c.sql",
    }


def test_compile_project_independent_errors_are_raised_together(tmp_path: Path) -> None:
    toml = '\n[datasets.nothing]\npath = "data/none*.parquet"\n\n[views.ghost]\ncost = 1.0\n'
    with pytest.raises(PlanErrors) as refused:
        compiled(tmp_path, {"a": "selec 1", "b": "drop table x", "a b": "select 1 as one"}, toml)

    assert sorted(error.code for error in refused.value.errors) == [
        "dataset_missing",
        "name_refused",
        "sql_syntax",
        "statement_forbidden",
        "view_settings_unused",
    ]


@pytest.mark.parametrize(
    ("views", "code"),
    [
        ({"orders": "select 1 as one"}, "view_names_collide"),
        ({"a/v": "select 1 as one", "b/v": "select 2 as two"}, "view_names_collide"),
        ({"Sales": "select 1 as one", "sales": "select 2 as two"}, "view_names_collide"),
        ({"ORDERS": "select 1 as one"}, "view_names_collide"),
    ],
)
def test_compile_project_colliding_names_are_refused(views: dict[str, str], code: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as refused:
        compiled(tmp_path, views)

    assert refused.value.code == code


def test_compile_project_settings_of_views_reach_the_graph(tmp_path: Path) -> None:
    toml = '\n[views.v]\ncost = 2.5\ntags = ["b", "a", "b"]\nreproducible = true\nmaterialize = "table"\n'
    project = compiled(tmp_path, {"v": "select order_id from orders"}, toml)

    (node,) = [node for node in project.graph.nodes if node.name == "v"]
    assert (node.declared_cost, node.tags, node.reproducible, node.materialize.value) == (
        2.5,
        ("a", "b"),
        True,
        "table",
    )
