"""plan.toml: what it is read to, and every message about what is wrong with it."""

import os
from pathlib import Path

import pytest

from plan_contracts import (
    ExecutionMode,
    ExecutorKind,
    PlanError,
    PlanErrors,
    ProfileUnknown,
    ProjectFileInvalid,
    ProjectFileMalformed,
    ProjectFileMissing,
    apply_profile,
    load_project_file,
    parse_project_file,
)
from plan_contracts.golden_cases.project import SHOP

CASES = Path(__file__).parent / "project_files"
REFUSED = sorted(path.stem for path in CASES.glob("*.toml"))

SHOP_TOML = """
[project]
name = "shop"
[datasets.orders]
path = "data/orders/*.parquet"
contract = { columns = { order_id = "bigint", amount = "decimal(12,2)" }, not_null = ["order_id"], min_rows = 1 }
[views.daily_revenue]
materialize = "table"
cost = 3.5
tags = ["mart"]
[vars]
country = "DE"
since_year = 2024
since = 2024-01-31
day = { type = "date" }
salt = { secret = "${SHOP_SALT}" }
[execution]
mode = "plan_parallel"
[execution.executor]
kind = "multiprocessing"
[profiles.prod]
outputs = "s3://bucket/out"
vars.country = "FR"
"""


def test_project_file_of_every_section_is_read_with_canonical_types() -> None:
    assert parse_project_file(SHOP_TOML) == SHOP


@pytest.mark.parametrize("case", REFUSED)
def test_refused_project_file_gives_the_expected_message(case: str) -> None:
    expected = (CASES / f"{case}.txt").read_text(encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        parse_project_file((CASES / f"{case}.toml").read_text(encoding="utf-8"))
    assert f"{caught.value}\n" == expected
    assert caught.value.exit_code == 2


def test_independent_faults_are_all_reported_by_line() -> None:
    with pytest.raises(PlanErrors) as caught:
        parse_project_file((CASES / "many_faults.toml").read_text(encoding="utf-8"))
    lines = [error.location.line for error in caught.value.errors if error.location and error.location.line]
    assert len(lines) == len(caught.value.errors) == 8
    assert lines == sorted(lines)


def test_malformed_project_file_names_line_and_column() -> None:
    with pytest.raises(ProjectFileMalformed) as caught:
        parse_project_file('[project]\nname = "shop\n')
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (2, 13)


def test_missing_project_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileMissing, match=f"There is no plan.toml in {tmp_path}"):
        load_project_file(tmp_path)
    with pytest.raises(ProjectFileMissing):
        load_project_file(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        load_project_file(tmp_path)


def test_project_file_outside_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_bytes(b'[project]\nname = "caf\xe9"\n')
    with pytest.raises(ProjectFileMalformed, match="not UTF-8: byte 0xe9") as caught:
        load_project_file(tmp_path)
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_project_file_with_byte_order_mark_and_crlf_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_bytes(b'\xef\xbb\xbf[project]\r\nname = "shop"\r\n')
    assert load_project_file(tmp_path).project.name == "shop"


def test_message_names_the_file_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "plan.toml").write_text("[project]\nnam = 'x'\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanErrors) as caught:
        load_project_file(tmp_path / "shop")
    assert str(caught.value).startswith(f"shop{os.sep}plan.toml:1:2: `project.name` is missing")


def test_deeply_nested_project_file_is_refused() -> None:
    with pytest.raises(ProjectFileMalformed, match="nested too deeply"):
        parse_project_file("a = " + "[" * 100_000)


def test_project_file_nested_as_deeply_as_toml_allows_is_refused_with_a_typed_error() -> None:
    for depth in range(300, 520, 7):
        with pytest.raises(PlanError):
            parse_project_file('[project]\nname = "shop"\n[views.a]\ntags = ' + "[" * depth + "]" * depth)


def test_single_fault_is_raised_itself() -> None:
    with pytest.raises(ProjectFileInvalid, match="`viws` is not known") as caught:
        parse_project_file('[project]\nname = "shop"\nviws = "views"\n')
    assert caught.value.suggestion == "Did you mean `views`?"
    assert caught.value.subject == "project.viws"


def test_profile_replaces_what_it_gives_and_keeps_the_rest() -> None:
    project = parse_project_file(
        SHOP_TOML + '[profiles.remote.execution]\nmode = "plan_parallel_remote"\n'
        '[profiles.small.execution.executor]\nkind = "threadpool"\n'
    )
    prod = apply_profile(project, "prod")
    assert (prod.project.outputs, prod.project.store, prod.project.name) == ("s3://bucket/out", ".plan", "shop")
    assert prod.vars == {**SHOP.vars, "country": "FR"}
    assert prod.execution == project.execution
    remote = apply_profile(project, "remote").execution
    assert remote.mode is ExecutionMode.PLAN_PARALLEL_REMOTE
    assert remote.executor == project.execution.executor
    small = apply_profile(project, "small").execution
    assert small.mode is ExecutionMode.PLAN_PARALLEL
    assert small.executor is not None
    assert small.executor.kind is ExecutorKind.THREADPOOL


def test_no_profile_gives_the_project_as_it_is() -> None:
    project = parse_project_file(SHOP_TOML)
    assert apply_profile(project, None) is project


def test_unknown_profile_is_refused_with_the_nearest_one() -> None:
    project = parse_project_file(SHOP_TOML)
    with pytest.raises(ProfileUnknown, match="no profile `prd`") as caught:
        apply_profile(project, "prd")
    assert caught.value.suggestion == "Did you mean `prod`?"


@pytest.mark.parametrize("value", ['"hunter2"', "12345678", '["hunter2"]', '"${two words}"'])
def test_secret_that_names_no_variable_is_refused_and_never_shown(value: str) -> None:
    text = (
        '[project]\nname = "shop"\n\n[datasets.lake]\npath = "s3://lake/orders"\n'
        f"storage_options = {{ secret_access_key = {value} }}\n"
    )
    with pytest.raises(ProjectFileInvalid) as caught:
        parse_project_file(text, "plan.toml")
    assert str(caught.value.location) == "plan.toml:6:21"
    assert "hunter2" not in str(caught.value)
    assert "12345678" not in str(caught.value)
    assert "`${NAME}`" in str(caught.value)


@pytest.mark.parametrize(
    "key", ["execution.executor.max_tasks", "vars.x", "datasets.orders.contract.accepted_values.n"]
)
@pytest.mark.parametrize("number", ["9223372036854775808", "-99999999999999999999"])
def test_whole_number_of_more_than_64_bits_is_refused(key: str, number: str) -> None:
    value = f"[1, {number}]" if "accepted" in key else number
    with pytest.raises(PlanError, match="holds a whole number beyond 64 bits"):
        parse_project_file(f'project.name = "shop"\n{key} = {value}\n')
