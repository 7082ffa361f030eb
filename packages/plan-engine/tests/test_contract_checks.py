"""Contracts as queries: which rows they find, which contracts do not plan, and what counts as the same check."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from project_builder import compiled
from test_runtime import parquet, run, runtime

from plan_contracts import (
    CheckWork,
    DataCheck,
    DataContract,
    Evidence,
    EvidenceSource,
    ResultStatus,
    TaskInput,
    TaskRequest,
    TaskResult,
    Variable,
)
from plan_engine.arrow_schema import columns_of
from plan_engine.contract_checks import contract_checks
from plan_engine.planning_session import PlanningSession

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 2, None, None], pa.int64()),
        "Town": pa.array(["Bergen", "Ulm", None, "it's", "Ulm"], pa.string()),
        "paid": pa.array([True, False, True, None, True], pa.bool_()),
        "day": pa.array([date(2025, 1, 1), date(2025, 1, 2), None, None, date(2025, 1, 1)], pa.date32()),
        "amount": pa.array([Decimal("1.50"), Decimal("-2.00"), None, Decimal("0.00"), Decimal("9.00")]),
    }
)


def checks(
    contract: DataContract, table: pa.Table = TABLE, variables: Mapping[str, Variable] | None = None
) -> dict[str, DataCheck]:
    """Plan the checks of a contract on `t`."""
    session = PlanningSession(variables)
    session.add_table("t", table.schema)
    columns = columns_of(table.schema)
    evidence = Evidence(name="t", source=EvidenceSource.FILES, columns=columns, contract=contract)
    return {check.name: check for check in contract_checks(session, evidence, variables or {})}


def check_request(
    folder: Path, contract: DataContract, table: pa.Table = TABLE, variables: Mapping[str, Variable] | None = None
) -> TaskRequest:
    """Ask for every check of a contract on a table."""
    ref = parquet(folder / "t.parquet", table)
    return TaskRequest(
        run_id="r",
        task="check-t",
        definition="0" * 64,
        work=CheckWork(subject="t", checks=tuple(checks(contract, table, variables).values())),
        inputs=(TaskInput(name="t", ref=ref, content_id="0" * 64),),
        outputs=(),
        stage_uri=str(folder / "stage"),
        project_uri=str(folder),
    )


def checked(folder: Path, contract: DataContract) -> TaskResult:
    return run(runtime(), check_request(folder, contract))


FOUND: dict[str, tuple[DataContract, int, str]] = {
    "not_null(id)": (DataContract(not_null=("id",)), 2, "id = null, Town = it's, paid = null"),
    "not_null(Town)": (DataContract(not_null=("Town",)), 1, "Town = null, id = 2, paid = True"),
    "min_rows": (DataContract(min_rows=6), 1, "rows = 5"),
    "max_rows": (DataContract(max_rows=4), 1, "rows = 5"),
    "unique(id)": (DataContract(unique=("id",)), 1, "id = 2, rows = 2"),
    "unique(Town, paid)": (DataContract(unique=(("Town", "paid"),)), 0, ""),
    "unique(day)": (DataContract(unique=(("day",),)), 1, "day = 2025-01-01, rows = 2"),
    "accepted_values(Town)": (DataContract(accepted_values={"Town": ("Ulm", "it's")}), 1, "Town = Bergen"),
    "accepted_values(paid)": (DataContract(accepted_values={"paid": (True,)}), 1, "paid = False"),
    "accepted_values(id)": (DataContract(accepted_values={"id": (1, 3)}), 2, "id = 2"),
    "accepted_values(day)": (DataContract(accepted_values={"day": ("2025-01-01",)}), 1, "day = 2025-01-02"),
    "accepted_values(amount)": (DataContract(accepted_values={"amount": (1.5, 0, 9)}), 1, "amount = -2.00"),
    "expression(positive)": (DataContract(expressions={"positive": "amount >= 0 -- not\n"}), 1, "amount = -2.00"),
    "expression(town)": (DataContract(expressions={"town": "\"Town\" in ('Bergen', 'Ulm') or id = 1"}), 0, ""),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", FOUND)
def test_check_finds_exactly_the_offending_rows(name: str, tmp_path: Path) -> None:
    contract, rows, example = FOUND[name]
    result = checked(tmp_path, contract)
    (found,) = result.checks
    assert (found.name, found.offending_rows) == (name, rows)
    assert example in " | ".join(found.examples)
    assert result.status is (ResultStatus.FAILED if rows else ResultStatus.SUCCEEDED)


def test_check_of_values_of_another_type_says_so(tmp_path: Path) -> None:
    result = checked(tmp_path, DataContract(accepted_values={"id": ("one",)}))
    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert "accepted_values(id)" in result.error.message


def test_every_check_is_run_and_every_failure_named(tmp_path: Path) -> None:
    contract = DataContract(not_null=("id",), unique=("id", "amount"), expressions={"positive": "amount > 0"})
    result = checked(tmp_path, contract)
    assert [(each.name, each.offending_rows) for each in result.checks] == [
        ("not_null(id)", 2),
        ("unique(id)", 1),
        ("unique(amount)", 0),
        ("expression(positive)", 2),
    ]
    assert result.error is not None
    assert result.error.related == ("not_null(id)", "unique(id)", "expression(positive)")
    assert result.metrics.rows_in == 4 * TABLE.num_rows


def test_examples_are_few_and_short(tmp_path: Path) -> None:
    table = pa.table({"text": pa.array(["long\n text " * 100] * 100, pa.string())})
    request = check_request(tmp_path, DataContract(expressions={"short": "length(text) < 10"}), table)
    (found,) = run(runtime(), request).checks
    assert found.offending_rows == 100
    assert len(found.examples) == 3
    assert all(len(example) <= 160 and "\n" not in example for example in found.examples)


def test_examples_show_nanoseconds_with_and_without_pandas(tmp_path: Path) -> None:
    table = pa.table(
        {
            "at": pa.array([1_704_067_200_123_456_789], pa.timestamp("ns")),
            "took": pa.array([1_001], pa.duration("ns")),
            "all": pa.array([[1_704_067_200_123_456_789]], pa.list_(pa.timestamp("ns"))),
        }
    )
    request = check_request(tmp_path, DataContract(expressions={"none": "at is null"}), table)
    (found,) = run(runtime(), request).checks
    assert "at = 2024-01-01 00:00:00.123456789, took = " in found.examples[0]


@pytest.mark.parametrize(
    ("predicate", "fault"),
    [
        ("amont > 0", "`t` has no column `amont`; did you mean `amount`?"),
        ("id in (select id from u)", "it reads `u`, and a check sees the rows of `t` alone"),
        ("id > ", "expected an expression"),
        ("count(*) > 1", "ggregate"),
        ('"Town"', "oolean"),
    ],
)
def test_expression_that_does_not_plan_says_why(predicate: str, fault: str) -> None:
    (check,) = checks(DataContract(expressions={"e": predicate})).values()
    assert check.definition is None
    assert fault in (check.fault or "")


def test_part_about_a_column_that_does_not_exist_has_no_check() -> None:
    contract = DataContract(not_null=("no",), unique=("no", ("id", "no")), accepted_values={"no": (1,)})
    assert checks(contract) == {}


def test_definition_ignores_layout_and_follows_meaning() -> None:
    def definition(predicate: str) -> str | None:
        return checks(DataContract(expressions={"e": predicate}))["expression(e)"].definition

    assert definition("id > 1") == definition("ID  >\n 1 -- why")
    assert definition("id > 1") != definition("id > 2")


def test_expression_over_the_time_of_day_is_volatile() -> None:
    (check,) = checks(DataContract(expressions={"e": "day <= now()"})).values()
    assert check.volatile


def test_compiled_project_has_the_checks_of_datasets_and_views_that_plan(tmp_path: Path) -> None:
    toml = (
        'contract = { unique = ["customer_id"] }\n'
        '[views.daily]\ncontract = { not_null = ["status"] }\n'
        '[views.broken]\ncontract = { not_null = ["status"] }\n'
    )
    views = {"daily": "select status from orders", "broken": "select nothing from orders"}
    project = compiled(tmp_path, views, toml)
    assert {name: [check.name for check in found] for name, found in project.checks.items()} == {
        "customers": ["unique(customer_id)"],
        "daily": ["not_null(status)"],
    }
    assert project.statistics.checks["customers"].rows_in == 2


def test_expression_reads_variables_as_values(tmp_path: Path) -> None:
    contract = DataContract(expressions={"large": "id >= $least", "known": '"Town" <> $bad'})
    variables = {"least": Variable(type="int64", value=2), "bad": Variable(type="string", value="it's")}

    result = run(runtime(), check_request(tmp_path, contract, variables=variables))

    assert {check.name: check.offending_rows for check in result.checks} == {
        "expression(large)": 1,
        "expression(known)": 1,
    }
    other = {**variables, "least": Variable(type="int64", value=3)}
    before, after = checks(contract, variables=variables), checks(contract, variables=other)
    assert before["expression(large)"].definition != after["expression(large)"].definition
    assert before["expression(known)"].definition == after["expression(known)"].definition


def test_expression_with_a_variable_that_has_no_value_does_not_plan() -> None:
    contract = DataContract(expressions={"large": "id >= $lest", "open": "id >= $none"})
    variables = {"least": Variable(type="int64", value=2), "none": Variable(type="int64")}

    found = checks(contract, variables=variables)

    assert found["expression(large)"].fault == (
        "it reads the variable `lest`, which has no value; did you mean `least`?"
    )
    assert found["expression(open)"].fault == "it reads the variable `none`, which has no value"
