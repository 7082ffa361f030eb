"""Running a function as a task: what it is given, what it may give, and how it fails."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from test_runtime import parquet, request, run, runtime, staged_files

from plan_contracts import ErrorPayload, PythonSource, PythonWork, ResultStatus, TaskRequest, TaskResult, Variable
from plan_engine.python_views import read_module

HEAD = """import pyarrow as pa
import pyarrow.compute as pc
from datafusion import DataFrame, col
from plan_engine import view

"""
TOWNS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "Town": pa.array(["Bergen", None, "Køge"], pa.string_view()),
        "size": pa.array([1.5, 2.5, 3.5], pa.float64()),
    }
)


def function_request(
    folder: Path, text: str, variables: dict[str, Variable] | None = None, *, keep: bool = False
) -> TaskRequest:
    """Ask for the one function of a module over the table `towns`."""
    path = folder / "views" / "v.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + text)
    sources, errors = read_module(path.read_bytes(), "views/v.py", variables or {})
    assert errors == []
    source: PythonSource = sources[-1]
    inputs = {"towns": parquet(folder / "towns.parquet", TOWNS)} if source.inputs else {}
    asked = request(folder, "", inputs, keep=keep, task=source.name)
    return replace(asked, work=PythonWork(view=source))


def _rows(result: TaskResult) -> list[dict[str, object]]:
    assert result.status is ResultStatus.SUCCEEDED, result.error
    return pq.read_table(result.outputs[0].ref.uri).to_pylist()


def _failure(result: TaskResult, folder: Path) -> ErrorPayload:
    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert staged_files(folder) == []
    return result.error


KINDS = {
    "table": "def v(towns: pa.Table) -> pa.Table:\n    assert type(towns) is pa.Table\n    return towns\n",
    "reader": "def v(towns: pa.RecordBatchReader) -> pa.RecordBatchReader:\n"
    "    assert isinstance(towns, pa.RecordBatchReader)\n    return towns\n",
    "frame": "def v(towns: DataFrame) -> DataFrame:\n    assert isinstance(towns, DataFrame)\n    return towns\n",
    "reader to table": "def v(towns: pa.RecordBatchReader) -> pa.Table:\n    return towns.read_all()\n",
    "table to reader": "def v(towns: pa.Table) -> pa.RecordBatchReader:\n    return towns.to_reader()\n",
    "frame to table": "def v(towns: DataFrame) -> pa.Table:\n    return towns.to_arrow_table()\n",
    "position only": "def v(towns: pa.Table, /) -> pa.Table:\n    return towns\n",
    "declared": "@view(requires={'towns': {'id': 'int64', 'Town': 'text', 'size': 'double'}},\n"
    "      output={'id': 'int64', 'Town': 'text', 'size': 'double'})\n"
    "def v(towns: DataFrame) -> DataFrame:\n    return towns\n",
}


@pytest.mark.parametrize("case", KINDS)
def test_run_function_gets_and_gives_what_its_annotations_say(case: str, tmp_path: Path) -> None:
    result = run(runtime(), function_request(tmp_path, KINDS[case]))
    assert _rows(result) == TOWNS.to_pylist()
    assert result.metrics.rows_in == result.metrics.rows_out == 3
    assert [column.type for column in result.outputs[0].ref.columns][1:] == ["string", "float64"]


@pytest.mark.parametrize("wants", ["pa.Table", "pa.RecordBatchReader", "DataFrame"])
def test_run_function_is_given_the_columns_that_it_requires_and_no_others(wants: str, tmp_path: Path) -> None:
    text = (
        "@view(requires={'towns': {'Town': 'string', 'id': 'int64'}}, output={'names': 'string', 'types': 'string'})\n"
        f"def v(towns: {wants}) -> pa.Table:\n"
        "    schema = towns.schema() if isinstance(towns, DataFrame) else towns.schema\n"
        "    types = [str(each) for each in schema.types]\n"
        "    return pa.table({'names': schema.names, 'types': types})\n"
    )
    rows = _rows(run(runtime(), function_request(tmp_path, text)))
    assert [row["names"] for row in rows] == ["Town", "id"]
    assert str(rows[0]["types"]).removesuffix("_view") == "string"
    assert rows[1]["types"] == "int64"


def test_run_function_without_inputs_takes_variables_as_python_values(tmp_path: Path) -> None:
    text = "def v(*, day: object, rate: float) -> pa.Table:\n    return pa.table({'day': [day], 'rate': [rate * 2]})\n"
    variables = {"day": Variable(type="date32", value="2024-01-31"), "rate": Variable(type="float64", value=1.5)}
    rows = _rows(run(runtime(), function_request(tmp_path, text, variables)))
    assert [str(value) for value in rows[0].values()] == ["2024-01-31", "3.0"]


def test_run_function_result_in_another_order_and_narrower_is_conformed(tmp_path: Path) -> None:
    text = (
        "@view(output={'b': 'double', 'a': 'int64', 'n': 'string'})\n"
        "def v() -> pa.Table:\n"
        "    return pa.table({'a': pa.array([1], pa.int8()), 'n': pa.nulls(1), 'b': pa.array([2], pa.float32())})\n"
    )
    result = run(runtime(), function_request(tmp_path, text))
    assert _rows(result) == [{"b": 2.0, "a": 1, "n": None}]
    assert [column.type for column in result.outputs[0].ref.columns] == ["float64", "int64", "string"]


def test_run_function_without_rows_gives_an_empty_file_with_its_columns(tmp_path: Path) -> None:
    text = "@view(output={'a': 'int64'})\ndef v() -> pa.Table:\n    return pa.table({'a': pa.array([], pa.int64())})\n"
    assert _rows(run(runtime(), function_request(tmp_path, text))) == []


def test_run_function_keeps_its_result_in_memory_for_consumers(tmp_path: Path) -> None:
    engine = runtime(retain_bytes=1 << 20)
    result = run(engine, function_request(tmp_path, KINDS["table"], keep=True))
    assert result.outputs[0].memory is not None
    reader = request(tmp_path, "select count(*) as n from v", {"v": result.outputs[0].memory}, task="w")
    assert _rows(run(engine, reader)) == [{"n": 3}]


RESULTS = {
    "return None": "gave None, and its annotation says `pyarrow.Table`",
    "return {'a': [1]}": "gave builtins.dict, and its annotation says `pyarrow.Table`",
    "return pa.table({'a': [1]}).to_reader()": "gave pyarrow.lib.RecordBatchReader",
    "return pa.table({'a': [1], 'zzz': [1]})": "there is no column `b`; the column `zzz` is not declared",
    "return pa.table({'A': [1], 'b': ['x']})": "there is no column `a`, but one called `A`",
    "return pa.table({'a': ['1'], 'b': ['x']})": "`a` is string and declared as int64",
    "return pa.table({'a': [1.0], 'b': ['x']})": "`a` is float64 and declared as int64",
    "return pa.table([[1], [2]], names=['a', 'a'])": "two columns are called `a`",
    "return pa.table({})": "it has no columns",
}


@pytest.mark.parametrize("body", RESULTS)
def test_run_function_that_gives_something_else_is_refused_with_the_declaration(body: str, tmp_path: Path) -> None:
    text = f"@view(output={{'a': 'int64', 'b': 'string'}})\ndef v() -> pa.Table:\n    {body}\n"
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.code == "python_result_refused"
    assert RESULTS[body] in error.message
    assert str(error.location) == "views/v.py:7"


def test_run_function_that_gives_other_columns_shows_the_declaration_to_paste(tmp_path: Path) -> None:
    text = "@view(output={'a': 'int64'})\ndef v(towns: pa.Table) -> pa.Table:\n    return towns\n"
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.suggestion == (
        'Declare what it gives: `@view(output={"id": "int32", "Town": "string", "size": "float64"})`.'
    )


def test_run_function_that_raises_fails_with_the_users_own_calls(tmp_path: Path) -> None:
    text = (
        "def v(towns: pa.Table) -> pa.Table:\n"
        "    return _scaled(towns, 0)\n\n\n"
        "def _scaled(towns, by):\n"
        "    return towns.set_column(0, 'id', pc.divide(towns['id'], by))\n"
    )
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.code == "python_view_failed"
    assert error.message == "The Python view `v` raised ArrowInvalid: divide by zero"
    assert [(frame.file, frame.line, frame.function) for frame in error.traceback] == [
        ("views/v.py", 7, "v"),
        ("views/v.py", 11, "_scaled"),
    ]
    assert error.traceback[1].text == "return towns.set_column(0, 'id', pc.divide(towns['id'], by))"
    assert str(error.location) == "views/v.py:11"


def test_run_function_of_a_project_inside_the_interpreters_folder_shows_its_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path.parent))
    text = "def v(towns: pa.Table) -> pa.Table:\n    raise KeyError\n"
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert [(frame.line, frame.function) for frame in error.traceback] == [(7, "v")]


RAISING = {
    "without a message": ("    raise KeyError\n", "raised KeyError", 1),
    "exit": ("    raise SystemExit('done')\n", "raised SystemExit: done", 1),
    "while it gives rows": (
        "    def rows():\n        yield from towns.to_batches()\n        raise ValueError('late')\n"
        "    return pa.RecordBatchReader.from_batches(towns.schema, rows())\n",
        "raised ValueError: late",
        1,
    ),
    "a lazy frame": ("    return ctx.sql('select 1/0 as a')\n", "raised NameError: name 'ctx' is not defined", 1),
}


@pytest.mark.parametrize("case", RAISING)
def test_run_function_that_raises_in_any_way_is_a_failure(case: str, tmp_path: Path) -> None:
    body, said, frames = RAISING[case]
    text = f"def v(towns: pa.Table) -> pa.RecordBatchReader:\n{body}"
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.code == "python_view_failed"
    assert said in error.message
    assert len(error.traceback) == frames


def test_run_function_whose_lazy_query_fails_is_a_failure(tmp_path: Path) -> None:
    text = (
        "from datafusion import literal\n"
        "def v(towns: DataFrame) -> DataFrame:\n"
        "    return towns.select((col('id') / (col('id') - literal(1))).alias('q'))\n"
    )
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.code == "python_view_failed"
    assert "Divide by zero" in error.message


def test_run_function_of_a_module_that_raises_at_import_fails_with_its_line(tmp_path: Path) -> None:
    text = "def v() -> pa.Table: ...\n\nimport no_such_package_anywhere\n"
    error = _failure(run(runtime(), function_request(tmp_path, text)), tmp_path)
    assert error.message == "The Python view `v` raised ModuleNotFoundError: No module named 'no_such_package_anywhere'"
    assert [(frame.line, frame.function) for frame in error.traceback] == [(8, "<module>")]


def test_run_function_whose_file_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    asked = function_request(tmp_path, KINDS["table"])
    path = tmp_path / "views" / "v.py"
    path.write_text(path.read_text() + "# more\n")
    assert _failure(run(runtime(), asked), tmp_path).code == "view_changed"
    path.unlink()
    assert _failure(run(runtime(), asked), tmp_path).code == "view_changed"


def test_run_function_imports_its_module_once_per_content_and_leaves_nothing(tmp_path: Path) -> None:
    text = (
        f"with open({str(tmp_path / 'imports')!r}, 'a') as log:\n    log.write('x')\n"
        "def v() -> pa.Table:\n    return pa.table({'module': [__name__]})\n"
    )
    engine = runtime()
    asked = function_request(tmp_path, text)
    names = [_rows(run(engine, asked))[0]["module"] for _ in range(3)]
    assert (tmp_path / "imports").read_text() == "x"
    assert len(set(names)) == 1
    assert str(names[0]) in sys.modules
    edited = function_request(tmp_path, text + "# edited\n")
    assert _rows(run(engine, edited))[0]["module"] not in names
    assert not list(tmp_path.rglob("__pycache__"))


def test_run_function_failing_on_a_secret_does_not_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "hunter2")
    text = "def v(*, token: str) -> pa.Table:\n    raise PermissionError(f'refused: {token}')\n"
    variables = {"token": Variable(type="string", secret="${TEST_TOKEN}")}
    asked = function_request(tmp_path, text, variables)
    assert isinstance(asked.work, PythonWork)
    assert asked.work.view.volatile
    error = _failure(run(runtime(), asked), tmp_path)
    assert error.message == "The Python view `v` raised PermissionError: refused: ${TEST_TOKEN}"
