"""Every error of this package says what its published example says."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from project_builder import compiled, write_project
from test_contract_checks import check_request
from test_python_runner import function_request
from test_runtime import numbers, parquet, request, run, runtime, texts

from plan_contracts import (
    CompiledProject,
    DataContract,
    DataFormat,
    DatasetRef,
    PlanError,
    TaskLimits,
    TaskRequest,
    WorkerLimits,
    load_project_file,
)
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example
from plan_engine import EngineRuntime, compile_project

DAILY = {"daily": "select status, sum(amount) as revenue from orders group by status"}


def _compile(views: dict[str, str], toml: str = "") -> Callable[[Path], object]:
    return lambda folder: compiled(folder, views, toml)


def _without_views(folder: Path) -> CompiledProject:
    write_project(folder, {})
    (folder / "views").rmdir()
    return compile_project(folder, load_project_file(folder))


def _view_in_latin_1(folder: Path) -> CompiledProject:
    write_project(folder, {})
    (folder / "views" / "daily.sql").write_bytes("select 'Køge' as town".encode("latin-1"))
    return compile_project(folder, load_project_file(folder))


def _files_that_differ(folder: Path) -> CompiledProject:
    write_project(folder, {}, '\n[datasets.parts]\npath = "data/parts*.parquet"\n')
    pq.write_table(pa.table({"n": pa.array([1], pa.int64())}), folder / "data" / "parts1.parquet")
    pq.write_table(pa.table({"n": pa.array(["1"], pa.string())}), folder / "data" / "parts2.parquet")
    return compile_project(folder, load_project_file(folder))


def _no_parquet(folder: Path) -> CompiledProject:
    write_project(folder, {}, '\n[datasets.broken]\npath = "data/broken.parquet"\n')
    (folder / "data" / "broken.parquet").write_text("this is no Parquet file\n")
    return compile_project(folder, load_project_file(folder))


def _module_without_annotations(folder: Path) -> CompiledProject:
    write_project(folder, {})
    (folder / "views" / "scores.py").write_text(
        "import pyarrow as pa\n\n\ndef scores(orders) -> pa.Table:\n    return orders\n"
    )
    return compile_project(folder, load_project_file(folder))


LAKE = '\n[datasets.lake]\npath = "s3://lake/orders/*.parquet"\nstorage_options = '
NOBODY = 'endpoint = "http://127.0.0.1:9", access_key_id = "${HOME}", secret_access_key = "${HOME}"'

COMPILING: dict[str, Callable[[Path], object]] = {
    "dataset_access_refused": _compile({}, LAKE + "{ secret_access_key = '${LAKE_SECRET_THAT_IS_NOT_SET}' }\n"),
    "dataset_store_unavailable": _compile({}, LAKE + f"{{ {NOBODY}, timeout_seconds = 1, retries = 0 }}\n"),
    "dataset_format_unknown": _compile({}, '\n[datasets.odd]\npath = "plan.toml"\n'),
    "dataset_missing": _compile({}, '\n[datasets.items]\npath = "data/itms/*.parquet"\n'),
    "dataset_schemas_differ": _files_that_differ,
    "dataset_unreadable": _no_parquet,
    "python_view_refused": _module_without_annotations,
    "sql_syntax": _compile({"daily": "select order_id\nfrom orders\nwhere where amount > 1\n"}),
    "statement_forbidden": _compile({"daily": "create table t as select 1 as one\n"}),
    "variable_missing": _compile(
        {"daily": "select order_id\nfrom orders\nwhere status = $stauts\n"}, '\n[vars]\nstatus = "paid"\n'
    ),
    "view_folder_missing": _without_views,
    "view_names_collide": _compile({"marts/daily": "select 1 as one", "staging/daily": "select 1 as one"}),
    "view_settings_unused": _compile(DAILY, "\n[views.dialy]\ncost = 1.0\n"),
    "view_unreadable": _view_in_latin_1,
}


@pytest.mark.parametrize("code", COMPILING)
def test_error_of_compiling_says_what_is_published(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        COMPILING[code](Path())
    assert caught.value.code == code
    assert_error_example(caught.value, shown_as={str(tmp_path): "/shop"})


def _scratch_is_a_file(folder: Path) -> TaskRequest:
    (folder / "scratch").write_text("a file where the folder should be\n")
    return replace(request(folder, "select 1 as one", {}), limits=TaskLimits(memory_bytes=1 << 20))


def _missing_input(folder: Path) -> TaskRequest:
    gone = DatasetRef(uri=str(folder / "numbers.parquet"), format=DataFormat.PARQUET, columns=())
    return request(folder, "select n from numbers", {"numbers": gone})


def _replaced_input(folder: Path) -> TaskRequest:
    planned = replace(parquet(folder / "numbers.parquet", numbers()), versions=("2048 1732450000000000000 7",))
    return request(folder, "select n from numbers", {"numbers": planned})


def _stage_is_a_file(folder: Path) -> TaskRequest:
    (folder / "stage").write_text("a file where the folder should be\n")
    return request(folder, "select 1 as one", {})


def _little_memory(folder: Path) -> TaskRequest:
    asked = request(folder, "select * from texts as a join texts as b using (n)", {"texts": texts(folder)})
    return replace(asked, limits=TaskLimits(memory_bytes=1 << 20))


def _changed_module(folder: Path) -> TaskRequest:
    asked = function_request(folder, "def scores() -> pa.Table: ...\n")
    (folder / "views" / "v.py").write_text("# something else\n")
    return asked


RUNNING: dict[str, Callable[[Path], TaskRequest]] = {
    "check_failed": lambda folder: check_request(
        folder, DataContract(not_null=("id",), unique=("id",), expressions={"positive": "amount > 0"})
    ),
    "dataset_changed": _replaced_input,
    "engine_failed": _scratch_is_a_file,
    "input_unavailable": _missing_input,
    "memory_exhausted": _little_memory,
    "python_result_refused": lambda folder: function_request(
        folder, "@view(output={'n': 'int64'})\ndef scores() -> pa.Table:\n    return pa.table({'n': ['one']})\n"
    ),
    "python_view_failed": lambda folder: function_request(
        folder, "def scores() -> pa.Table:\n    return _mean(0)\n\ndef _mean(count):\n    return 1 / count\n"
    ),
    "query_failed": lambda folder: request(
        folder,
        "select cast(s as bigint) as n from numbers",
        {"numbers": parquet(folder / "numbers.parquet", numbers())},
    ),
    "staging_failed": _stage_is_a_file,
    "view_changed": _changed_module,
    "work_not_supported": lambda folder: replace(request(folder, "select 1 as one", {}), protocol=99),
}


@pytest.mark.parametrize("code", RUNNING)
def test_error_of_a_task_says_what_is_published(code: str, tmp_path: Path) -> None:
    engine = EngineRuntime()
    engine.start(WorkerLimits(worker="w", scratch_uri=str(tmp_path / "scratch")))
    error = run(engine, RUNNING[code](tmp_path)).error
    assert error is not None
    assert error.code == code
    sizes = dict.fromkeys(re.findall(r"[0-9.]+ [KM]?B", error.message), "10.0 MB")
    assert_error_example(error, shown_as={str(tmp_path): "/shop", **sizes})


def test_every_code_of_this_package_has_a_scenario() -> None:
    published = [error.code for error in ERROR_CODES if error.package == "plan_engine"]
    assert sorted([*COMPILING, *RUNNING]) == published


def test_input_that_is_no_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "numbers.parquet").write_text("this is no Parquet file\n")
    broken = DatasetRef(uri=str(tmp_path / "numbers.parquet"), format=DataFormat.PARQUET, columns=())
    error = run(runtime(), request(tmp_path, "select n from numbers", {"numbers": broken})).error
    assert error is not None
    assert (error.code, error.subject) == ("input_unavailable", "numbers")
    assert str(tmp_path / "numbers.parquet") in error.message
