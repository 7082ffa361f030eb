"""Every query of the corpus gives DuckDB's rows, and needs the columns that taking columns away shows it to need."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from oracle import ExampleProject, Rows, differences, rows_from_arrow, run_in_duckdb
from plan_contracts import CompiledProject, load_project_file
from plan_engine import compile_project
from sql_corpus import QUERIES, TABLES, TEXTS, write_corpus

NAMES = sorted([*QUERIES, *TEXTS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = write_corpus(tmp_path_factory.mktemp("corpus") / "p")
    answer = plan_cli("build", written, "--executor", "threadpool", "--max-tasks", "2")
    assert answer.code == 0, answer.text
    return written


@pytest.fixture(scope="module")
def compiled(folder: Path) -> CompiledProject:
    return compile_project(folder, load_project_file(folder))


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Rows]:
    datasets = {name: str(folder / "data" / f"{name}.parquet") for name in TABLES}
    texts = {name: text.decode("utf-8-sig").replace("\r\n", "\n").strip() for name, text in TEXTS.items()}
    return run_in_duckdb(ExampleProject(datasets=datasets, views={**QUERIES, **texts}))


@pytest.mark.parametrize("name", NAMES)
def test_query_gives_the_rows_that_duckdb_gives(name: str, folder: Path, expected: dict[str, Rows]) -> None:
    assert differences(expected[name], rows_from_arrow(pq.read_table(folder / "out" / f"{name}.parquet"))) == []


NAMED_AND_NOT_NEEDED = {
    # No reader of the common table expression takes them.
    "cte_unused_column": {"people.name", "people.age"},
    "cte_chain": {"people.id"},
    "cte_reads_what_it_shadows": {"people.id"},
    "cte_shadows_dataset": {"people.id"},
}
"""Columns that a query names and that can change nothing of what it gives: it does not plan without them."""


def _tables(connection: duckdb.DuckDBPyConnection, without: tuple[str, str] | None = None) -> None:
    """Make every table, one of them without one of its columns."""
    for name, table in TABLES.items():
        columns = [each for each in table.column_names if (name, each) != without]
        listed = ", ".join(f'"{each}"' for each in columns)
        connection.execute(f'create or replace table "{name}" as select {listed} from kept."{name}"')


def _output(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str] | None:
    """Give the columns of a query; none when it does not plan."""
    try:
        described = connection.execute(f"describe {sql}").fetchall()
    except (duckdb.BinderException, duckdb.CatalogException):
        return None
    return [str(row[0]) for row in described]


@pytest.fixture(scope="module")
def broken_without() -> dict[str, set[str]]:
    """Find by query the columns without which DuckDB does not plan it, or gives other columns."""
    found: dict[str, set[str]] = {name: set() for name in QUERIES}
    with duckdb.connect() as connection:
        connection.execute("create schema kept")
        for name, table in TABLES.items():
            connection.register("given", table)
            connection.execute(f'create table kept."{name}" as from given')
        _tables(connection)
        whole = {name: _output(connection, sql) for name, sql in QUERIES.items()}
        for table, columns in TABLES.items():
            for column in columns.column_names:
                _tables(connection, (table, column))
                for name, sql in QUERIES.items():
                    if _output(connection, sql) != whole[name]:
                        found[name].add(f"{table}.{column}")
    return found


def _required(compiled: CompiledProject, view: str) -> set[str]:
    return {
        f"{edge.producer}.{column.name}"
        for edge in compiled.graph.edges
        if edge.consumer == view and edge.requirement is not None
        for column in edge.requirement.columns
    }


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_query_needs_exactly_the_columns_without_which_it_is_another_one(
    name: str, compiled: CompiledProject, broken_without: dict[str, set[str]]
) -> None:
    assert broken_without[name] - _required(compiled, name) == NAMED_AND_NOT_NEEDED.get(name, set())
    assert _required(compiled, name) <= broken_without[name]
