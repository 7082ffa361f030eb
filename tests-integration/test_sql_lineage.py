"""Columns come from where sqlglot says they come from, over the whole corpus; each disagreement is explained here."""

from pathlib import Path

import pytest
from sqlglot import exp
from sqlglot.lineage import lineage  # pyright: ignore[reportUnknownVariableType] - its annotation leaves a mapping open

from command_line import plan_cli
from plan_contracts import CompiledProject, ViewDescription, decode_json, load_project_file
from plan_engine import compile_project, trace_lineage
from sql_corpus import QUERIES, TABLES, write_corpus

SCHEMA = {name.lower(): {column.lower(): "int" for column in table.column_names} for name, table in TABLES.items()}
SPELLED = {
    (name.lower(), column.lower()): f"{name}.{column}"
    for name, table in TABLES.items()
    for column in table.column_names
}

EXPLAINED = {
    # Values are those of the first side; the second decides which rows there are, and stands under `rows`.
    ("intersect", "id"): {"people.id"},
    ("except", "id"): {"people.id"},
    ("sets_nested", "id"): {"people.id"},
    # sqlglot leaves out by what a named window is partitioned, and takes it in where it is written in place.
    ("named_window", "youngest"): {"people.age", "people.town"},
    ("named_window", "n"): {"people.town"},
    # sqlglot takes the column that a lateral query is correlated by for the one that it gives.
    ("lateral", "most"): {"sales.weight"},
}
"""What is right, where the two disagree."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    folder = write_corpus(tmp_path_factory.mktemp("lineage") / "p")
    return compile_project(folder, load_project_file(folder))


def _from_sqlglot(sql: str, column: str) -> set[str]:
    plain = column == column.lower() and column.isidentifier() and column != "select"
    root = lineage(column if plain else f'"{column}"', sql, schema=SCHEMA, dialect="duckdb")
    found: set[str] = set()
    for node in root.walk():
        if isinstance(node.expression, exp.Table):
            key = (node.expression.name.lower(), node.name.rsplit(".", 1)[-1].strip('"').lower())
            if key in SPELLED:
                found.add(SPELLED[key])
    return found


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_columns_come_from_where_sqlglot_says(name: str, compiled: CompiledProject) -> None:
    traced = trace_lineage(compiled, name)
    assert traced.traced
    assert [column.name for column in traced.columns] == [
        column.name for column in compiled.evidence.entries[name].columns
    ]
    for column in traced.columns:
        ours = {f"{source.table}.{source.column}" for source in column.sources}
        theirs = _from_sqlglot(QUERIES[name], column.name)
        assert ours == EXPLAINED.get((name, column.name), theirs)
        assert (ours != theirs) == ((name, column.name) in EXPLAINED)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_columns_and_rows_come_from_all_that_is_required_and_nothing_else(name: str, compiled: CompiledProject) -> None:
    traced = trace_lineage(compiled, name)
    used = {(each.table, each.column) for column in traced.columns for each in column.sources}
    used |= {(each.table, each.column) for each in traced.rows}
    required = {
        (edge.producer, column.name)
        for edge in compiled.graph.edges
        if edge.consumer == name and edge.requirement is not None
        for column in edge.requirement.columns
    }
    assert used == required


def test_show_prints_where_columns_come_from_down_to_the_datasets() -> None:
    example = Path(__file__).parents[1] / "docs" / "examples" / "shop"
    answer = plan_cli("show", "monthly_revenue", example, "--lineage")
    assert answer.code == 0
    assert "needs of paid_orders:" in answer.out
    assert "        from   paid_orders.order_month\n        origin orders.ordered_on\n" in answer.out
    document = decode_json(
        plan_cli("show", "monthly_revenue", example, "--lineage", "--json").out.encode(), ViewDescription
    )
    assert document.lineage is not None
    assert [column.name for column in document.lineage.columns] == ["order_month", "order_count", "revenue"]


def test_show_of_an_unknown_view_names_the_nearest() -> None:
    answer = plan_cli("show", "monthly_revenu", Path(__file__).parents[1] / "docs" / "examples" / "shop")
    assert answer.code == 2
    assert "Did you mean `monthly_revenue`?" in answer.err
