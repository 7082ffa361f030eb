"""Variables are bound as values, enter the definitions of the views that read them, and secrets leave no trace."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from project_builder import compiled, definition, required
from test_runtime import numbers, parquet, request, run, runtime

from plan_contracts import (
    CompiledProject,
    PlanErrors,
    ProjectFileInvalid,
    ResultStatus,
    TaskGraph,
    Variable,
    ViewWork,
    encode_json,
    load_project_file,
)
from plan_engine import VariableMissing, build_requests, compile_project

PAID = "select order_id, amount from orders where status = $status"


def _node(project: CompiledProject, name: str) -> tuple[str | None, bool]:
    node = next(node for node in project.graph.nodes if node.name == name)
    return node.definition, node.volatile


def _rows(tmp_path: Path, sql: str, parameters: dict[str, Variable]) -> list[dict[str, object]]:
    asked = request(tmp_path, sql, {"numbers": parquet(tmp_path / "numbers.parquet", numbers())})
    assert isinstance(asked.work, ViewWork)
    view = replace(asked.work.views[0], parameters=parameters)
    result = run(runtime(), replace(asked, work=ViewWork(views=(view,))))
    assert result.status is ResultStatus.SUCCEEDED, result.error
    return pq.read_table(result.outputs[0].ref.uri).to_pylist()


VALUES: dict[str, tuple[Variable, object]] = {
    "text": (Variable(type="string", value="EU"), "EU"),
    "text that would end a string": (Variable(type="string", value="x' or '1'='1"), "x' or '1'='1"),
    "text that would end a statement": (
        Variable(type="string", value="'; drop table numbers; --"),
        "'; drop table numbers; --",
    ),
    "text with a variable in it": (Variable(type="string", value="$x $$ {x}"), "$x $$ {x}"),
    "integer": (Variable(type="int64", value=-7), -7),
    "small integer": (Variable(type="int8", value=7), 7),
    "float": (Variable(type="float64", value=1.5), 1.5),
    "bool": (Variable(type="bool", value=False), False),
    "decimal": (Variable(type="decimal(12, 2)", value="1.50"), Decimal("1.50")),
    "date": (Variable(type="date32", value="2024-02-29"), date(2024, 2, 29)),
    "time": (Variable(type="time64(us)", value="10:30:00"), time(10, 30)),
    "moment": (Variable(type="timestamp(us)", value="2024-02-29T10:00:00"), datetime(2024, 2, 29, 10)),
    "moment in a zone": (
        Variable(type="timestamp(us, UTC)", value="2024-02-29T10:00:00+00:00"),
        datetime(2024, 2, 29, 10, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_run_view_gets_the_value_as_it_is(case: str, tmp_path: Path) -> None:
    variable, value = VALUES[case]
    rows = _rows(tmp_path, "select $x as x, '$x' as text from numbers limit 1", {"x": variable})
    assert rows == [{"x": value, "text": "$x"}]


PLACES = {
    "filter": "select n from numbers where n = $two",
    "limit": "select n from numbers order by n limit 1 offset $two",
    "list": "select n from numbers where n in ($two)",
    "function": "select abs($two) as n",
    "arithmetic": "select $two * 1 as n",
    "subquery": "select (select max(n) from numbers where n <= $two) as n",
    "exists": "select n from numbers a where exists (select 1 from numbers b where b.n = $two and b.n = a.n)",
    "first side of a union": "select $two as n union select n from numbers where n = $two",
    "cte": "with c as (select $two as n) select n from c group by n",
    "case": "select case when $two > 1 then 2 else 3 end as n",
    "values": "select column1 as n from (values ($two)) t",
}


@pytest.mark.parametrize("case", PLACES)
def test_run_view_reads_a_variable_wherever_a_value_may_stand(case: str, tmp_path: Path) -> None:
    rows = _rows(tmp_path, PLACES[case], {"two": Variable(type="int64", value=2)})
    assert rows == [{"n": 2}]


def test_compile_project_definition_changes_with_the_variables_that_a_view_reads(tmp_path: Path) -> None:
    views = {"paid": PAID, "all_orders": "select order_id, '$status' as text from orders -- $status"}
    before = compiled(tmp_path, views, '\n[vars]\nstatus = "paid"\nother = 1\n')
    other = compiled(tmp_path, views, '\n[vars]\nstatus = "paid"\nother = 2\n')
    after = compiled(tmp_path, views, '\n[vars]\nstatus = "open"\nother = 1\n')

    assert definition(before, "paid") == definition(other, "paid") != definition(after, "paid")
    assert definition(before, "all_orders") == definition(after, "all_orders") is not None
    assert before.sources["paid"].parameters == {"status": Variable(type="string", value="paid")}
    assert before.sources["all_orders"].parameters == {}


def test_compile_project_definition_tells_the_types_of_equal_values_apart(tmp_path: Path) -> None:
    views = {"v": "select order_id from orders where customer_id = $x"}
    found = {
        definition(compiled(tmp_path, views, f"\n[vars]\nx = {value}\n"), "v")
        for value in ("1", "1.0", "{ value = 1, type = 'int32' }", "{ value = 1, type = 'decimal(4, 1)' }")
    }
    assert len(found) == 4


def test_compile_project_columns_beside_a_variable_are_required(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": PAID}, '\n[vars]\nstatus = "paid"\n')
    assert required(project, "orders", "v") == {"amount": "float64", "order_id": "int64", "status": "string"}


def test_compile_project_column_of_a_variable_has_its_type(tmp_path: Path) -> None:
    toml = "\n[vars]\nday = 2024-01-01\nsalt = { secret = '${SALT}' }\n"
    sql = "select $day as day, $salt as salt, amount from orders"
    project = compiled(tmp_path, {"v": sql}, toml)
    columns = {column.name: column.type for column in project.evidence.entries["v"].columns}
    assert columns == {"day": "date32", "salt": "string", "amount": "float64"}


def test_compile_project_variables_without_a_value_are_all_reported_with_their_places(tmp_path: Path) -> None:
    views = {
        "a": "select order_id\nfrom orders where status = $stauts and placed < $day",
        "b": "select '$none' as x, $1 as y",
    }
    with pytest.raises(PlanErrors) as caught:
        compiled(tmp_path, views, "\n[vars]\nstatus = 'paid'\nday = { type = 'date' }\n")

    errors = caught.value.errors
    assert [error.code for error in errors] == ["variable_missing"] * 3
    assert [str(error.location) for error in errors] == ["views/a.sql:2:28", "views/a.sql:2:49", "views/b.sql:1:22"]
    assert errors[0].suggestion == "Did you mean `status`?"
    assert errors[1].suggestion == "Give it with `--var day=...`, or write its value under `[vars]`."


def test_compile_project_question_mark_is_reported(tmp_path: Path) -> None:
    project = compiled(tmp_path, {"v": "select order_id from orders where status = ?"})
    assert "`$name`" in project.findings[0].message


CLOCK = {
    "now": "select order_id from orders where placed < now()",
    "date": "select order_id, current_date as d from orders",
    "stamp": "select order_id, current_timestamp as t, today() as d, current_time as c from orders",
}


def test_compile_project_variable_now_pins_the_clock(tmp_path: Path) -> None:
    views = {**CLOCK, "dice": "select random() as r, now() as n", "plain": "select order_id from orders"}
    loose = compiled(tmp_path, views)
    pinned = compiled(tmp_path, views, "\n[vars]\nnow = 2024-01-31T12:00:00Z\n")
    later = compiled(tmp_path, views, "\n[vars]\nnow = 2024-02-01T12:00:00Z\n")

    assert all(_node(loose, name)[1] for name in (*CLOCK, "dice"))
    assert not any(_node(pinned, name)[1] for name in CLOCK)
    assert _node(pinned, "dice")[1]
    for name in CLOCK:
        assert len({definition(each, name) for each in (loose, pinned, later)}) == 3
        assert pinned.sources[name].parameters.keys() == {"now"}
    assert len({definition(each, "plain") for each in (loose, pinned, later)}) == 1


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Variable(type="timestamp(us, UTC)", value="2024-01-31T23:30:00+00:00"), datetime(2024, 1, 31, 23, 30)),
        (Variable(type="timestamp(us)", value="2024-01-31T23:30:00"), datetime(2024, 1, 31, 23, 30)),
        (Variable(type="date32", value="2024-01-31"), datetime(2024, 1, 31)),
    ],
)
def test_run_view_with_a_pinned_clock_tells_that_time(now: Variable, expected: datetime, tmp_path: Path) -> None:
    sql = "select now() as n, current_date as d, current_time as t from numbers where n = 1 and now() > '2024-01-01'"
    rows = _rows(tmp_path, sql, {"now": now})
    assert rows == [{"n": expected, "d": expected.date(), "t": expected.time()}]


SALTED = "select md5(status || $salt) as token from orders where status <> $salt"
SECRET = "\n[vars]\nsalt = { secret = '${TEST_SALT}' }\n"


def test_compile_project_secret_is_not_read_and_its_view_is_built_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SALT", "hunter2")
    with_value = compiled(tmp_path, {"v": SALTED}, SECRET)
    monkeypatch.delenv("TEST_SALT")
    without_value = compile_project(tmp_path, load_project_file(tmp_path))

    assert encode_json(with_value) == encode_json(without_value)
    assert _node(with_value, "v")[1]
    assert required(with_value, "orders", "v") == {"status": "string"}


def test_build_requests_secret_that_is_not_set_stops_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = compiled(tmp_path, {"v": SALTED}, SECRET)
    monkeypatch.delenv("TEST_SALT", raising=False)
    graph = TaskGraph(tasks=(), edges=())
    with pytest.raises(VariableMissing, match=r"the environment has no `\$\{TEST_SALT\}`"):
        build_requests(project, graph, run_id="r", project_uri=str(tmp_path), stage_uri=str(tmp_path))
    monkeypatch.setenv("TEST_SALT", "hunter2")
    assert build_requests(project, graph, run_id="r", project_uri=str(tmp_path), stage_uri=str(tmp_path)) == {}


def test_run_view_failing_on_a_secret_does_not_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SALT", "hunter2")
    asked = request(tmp_path, "select cast($salt as int) as n", {})
    assert isinstance(asked.work, ViewWork)
    view = replace(asked.work.views[0], parameters={"salt": Variable(type="string", secret="${TEST_SALT}")})
    result = run(runtime(), replace(asked, work=ViewWork(views=(view,))))

    assert result.error is not None
    assert "'${TEST_SALT}'" in result.error.message
    assert b"hunter2" not in encode_json(result)


def test_variable_now_that_is_no_moment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileInvalid, match="pins the clock"):
        compiled(tmp_path, {}, "\n[vars]\nnow = 7\n")
