"""What is no view is refused with a message that says what it holds, and no text whatever raises anything untyped."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_builder import compiled, write_project

from plan_contracts import FindingKind, PlanError, load_project_file
from plan_engine import SqlSyntax, StatementForbidden, ViewNamesCollide, compile_project

FORBIDDEN = {
    "select 1 as a; select 2 as b": "several statements",
    "insert into orders select * from orders": "INSERT INTO",
    "update orders set amount = 1": "UPDATE",
    "delete from orders": "DELETE",
    "merge into orders using customers on true when matched then delete": "MERGE INTO",
    "truncate table orders": "TRUNCATE",
    "create table t (a int)": "CREATE MEMORY TABLE",
    "create view t as select 1 as one": "CREATE VIEW",
    "create external table t stored as parquet location 'x'": "CREATE EXTERNAL TABLE",
    "select * into t from orders": "CREATE MEMORY TABLE",
    "drop table orders": "DROP TABLE",
    "alter table orders add column x int": "ALTER",
    "copy orders to 'x.parquet'": "COPY",
    "set datafusion.execution.batch_size = 1": "SET VARIABLE",
    "explain select 1 as a": "EXPLAIN",
    "explain analyze select 1 as a": "EXPLAIN ANALYZE",
    "show tables": "SHOW TABLES",
    "describe orders": "DESCRIBE",
    "prepare p as select 1 as a": "PREPARE",
    "begin": "BEGIN",
    "grant all on orders to bob": "GRANT",
    "call x()": "CALL",
}


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_statement_that_is_no_query_is_refused_by_its_kind(sql: str, tmp_path: Path) -> None:
    with pytest.raises(StatementForbidden) as caught:
        compiled(tmp_path, {"v": sql})
    assert str(caught.value) == (
        f"views/v.sql: The view `v` is not exactly one query: it holds {FORBIDDEN[sql]}\n"
        "  A view is one SELECT statement; what it gives is written for you."
    )
    assert not list(tmp_path.rglob("x.parquet"))


@pytest.mark.parametrize("text", ["", " \n", "-- nothing", "/* nothing */", ";"])
def test_text_without_a_statement_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SqlSyntax, match="holds no statement"):
        compiled(tmp_path, {"v": text})


@pytest.mark.parametrize("path", ["data/orders.parquet", "/etc/passwd", "orders.csv", "s3://bucket/key.parquet"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_file_read_by_its_path_is_refused_with_the_mend(path: str, quote: str, tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": f"select * from {quote}{path}{quote}"})
    (finding,) = project.findings
    assert finding.kind is FindingKind.UNKNOWN_TABLE
    assert finding.message == (
        f"it reads the file `{path}` by its path; name it under `[datasets]` in plan.toml, and read that"
    )


@pytest.mark.parametrize("function", ["read_parquet", "read_csv", "parquet_scan"])
def test_function_that_reads_a_file_is_no_table(function: str, tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": f"select * from {function}('data/orders.parquet')"})
    assert [finding.kind for finding in project.findings] == [FindingKind.UNKNOWN_TABLE]


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (
            {"a/v": "select 1 as one", "b/v": "select 1 as one"},
            "Two views are called `v`: views/a/v.sql and views/b/v.sql",
        ),
        ({"orders": "select 1 as one"}, "The view `orders` has the name of a dataset"),
        ({"Orders": "select 1 as one"}, "`Orders` and `orders` differ only in case"),
        ({"v": "select 1 as one", "V": "select 1 as one"}, "`V` and `v` differ only in case"),
    ],
)
def test_names_that_collide_are_refused(views: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ViewNamesCollide, match=said):
        compiled(tmp_path, views)


_SQL_WORDS = (
    "select from where group by order having with as union all intersect except join left on using in exists not case "
    "when then else end over partition limit distinct values unnest lateral recursive cast interval null orders "
    "customers order_id customer_id amount status v nothing count sum now date 'paid' \"Town\" ( ) , . ; * + "
    "- / = < > $x $1 ? 1 2.5 'x -- /* */ \" ` [ ] { } :: || @ # \\ \0 \ufeff é \U0001f600"
)
_PIECES = _SQL_WORDS.split(" ")
_TEXTS = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join).map(str.encode),
    st.lists(st.sampled_from(_PIECES), max_size=25).map(lambda pieces: ("select " + " ".join(pieces)).encode()),
    st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")),
    st.binary(max_size=60),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("fuzz"), {"good": "select order_id from orders"})


def _compile_or_refuse(folder: Path) -> None:
    try:
        compile_project(folder, load_project_file(folder))
    except PlanError as error:
        assert str(error)  # noqa: PT017 - whatever else it raises fails the test


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_TEXTS)
def test_any_text_of_a_query_compiles_or_is_refused_with_a_typed_error(text: bytes, project: Path) -> None:
    (project / "views" / "v.sql").write_bytes(text)
    _compile_or_refuse(project)


_PYTHON_WORDS = (
    "def v ( orders : pa.Table ) -> pa.Table : return orders @view( output= requires= { 'a' 'int64' } ) import pyarrow "
    "as pa from plan_engine class async lambda * ** = None 1 [ ] \n \t \n\n    \n async \0 é # 'x"
)
_PYTHON = _PYTHON_WORDS.split(" ")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.lists(st.sampled_from(_PYTHON), max_size=25).map(" ".join).map(str.encode), st.binary(max_size=60)
    )
)
def test_any_text_of_a_module_compiles_or_is_refused_with_a_typed_error(text: bytes, project: Path) -> None:
    module = project / "views" / "m.py"
    (project / "views" / "v.sql").unlink(missing_ok=True)
    module.write_bytes(text)
    try:
        _compile_or_refuse(project)
    finally:
        module.unlink()
