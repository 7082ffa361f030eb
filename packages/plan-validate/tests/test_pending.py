"""What evidence leaves to checks, and what becomes of checks that cannot be run."""

from judging import INVALID, NOT_VALIDATED, VALID, dataset, edge, known, of, only_edge, view
from msgspec.structs import replace

from plan_contracts import (
    ColumnValues,
    CompiledProject,
    DataCheck,
    DataContract,
    Evidence,
    EvidenceCatalog,
    LogicalGraph,
    PlanSignatures,
    PlanValidationArtifact,
    Statistics,
    ViolationKind,
)
from plan_validate import pending_checks, validate_plan
from plan_validate.rules.contracts import check_contract


def check(kind: ViolationKind, subject: str, fault: str | None = None) -> DataCheck:
    return DataCheck(
        name=f"{kind.value}({subject})",
        kind=kind,
        subject=subject,
        declared="as declared",
        sql="select 1",
        definition=None if fault else "0" * 64,
        fault=fault,
    )


NOT_NULL = check(ViolationKind.NULLABLE, "id")
UNIQUE = check(ViolationKind.NOT_UNIQUE, "id, day")
EXPRESSION = check(ViolationKind.EXPRESSION_FALSE, "positive")
MIN_ROWS = check(ViolationKind.TOO_FEW_ROWS, "min_rows")


def project(evidence: Evidence, *checks: DataCheck) -> CompiledProject:
    """Make a view `clean` over a dataset, or of a view's own evidence, with the checks of that evidence."""
    return CompiledProject(
        graph=LogicalGraph(nodes=(dataset("orders"), view("clean")), edges=(edge("orders", "clean", id="int64"),)),
        evidence=EvidenceCatalog(entries={"orders": known("orders", id="int64"), evidence.name: evidence}),
        statistics=Statistics(views={}),
        snapshots={},
        datasets={},
        sources={},
        checks={evidence.name: checks},
    )


def judged(compiled: CompiledProject) -> PlanValidationArtifact:
    return validate_plan(compiled, run_id="r", signatures=PlanSignatures(plan_signature="", reduced_plan_signature=""))


def test_part_that_a_check_will_tell_is_pending_on_the_edge_of_a_dataset_and_counts_as_valid() -> None:
    contract = DataContract(not_null=("id",), unique=(("id", "day"),), expressions={"positive": "id > 0"})
    compiled = project(known("orders", contract=contract, id="int64", day="date32"), NOT_NULL, UNIQUE, EXPRESSION)
    found = only_edge(judged(compiled), "clean")
    assert (found.status, found.contract_violations) == (VALID, ())
    assert found.pending_checks == ("nullable(id)", "not_unique(id, day)", "expression_false(positive)")
    assert pending_checks(compiled) == {"orders": (NOT_NULL, UNIQUE, EXPRESSION)}


def test_part_that_a_check_will_tell_is_pending_on_the_task_of_a_view() -> None:
    compiled = project(known("clean", contract=DataContract(unique=(("id", "day"),)), id="int64", day="date32"), UNIQUE)
    result = of(judged(compiled), "clean")
    assert (result.status, result.pending_checks) == (VALID, ("not_unique(id, day)",))
    assert pending_checks(compiled) == {"clean": (UNIQUE,)}


def test_part_that_evidence_proves_needs_no_check() -> None:
    contract = DataContract(not_null=("id",), min_rows=1)
    compiled = project(known("orders", contract=contract, rows=3, nullable=False, id="int64"), NOT_NULL, MIN_ROWS)
    assert only_edge(judged(compiled), "clean").pending_checks == ()
    assert pending_checks(compiled) == {}


def test_part_that_evidence_disproves_is_a_violation_and_needs_no_check() -> None:
    compiled = project(known("orders", contract=DataContract(min_rows=9), rows=3, id="int64"), MIN_ROWS)
    found = only_edge(judged(compiled), "clean")
    assert (found.status, found.pending_checks) == (INVALID, ())
    assert pending_checks(compiled) == {}


def test_check_that_does_not_plan_is_a_violation_that_says_why() -> None:
    contract = DataContract(expressions={"positive": "amont > 0"})
    broken = check(ViolationKind.EXPRESSION_FALSE, "positive", "there is no column `amont`")
    compiled = project(known("clean", contract=contract, id="int64"), broken)
    (violation,) = of(judged(compiled), "clean").contract_violations
    assert (violation.kind, violation.available) == (ViolationKind.CHECK_NOT_PLANNED, "there is no column `amont`")
    assert pending_checks(compiled) == {}


def test_part_without_a_check_is_not_validated() -> None:
    contract = DataContract(unique=("id",), accepted_values={"id": (1, 2)}, expressions={"positive": "id > 0"})
    found = only_edge(judged(project(known("orders", contract=contract, id="int64"))), "clean")
    assert found.status is NOT_VALIDATED
    assert [violation.kind for violation in found.contract_violations] == [
        ViolationKind.NOT_UNIQUE,
        ViolationKind.VALUE_NOT_ACCEPTED,
        ViolationKind.EXPRESSION_FALSE,
    ]


def test_rule_about_a_column_that_does_not_exist_is_a_violation() -> None:
    contract = DataContract(unique=("no", ("id", "nor")), accepted_values={"not": (1,)}, not_null=("nil",))
    found = only_edge(judged(project(known("orders", contract=contract, id="int64"))), "clean")
    assert [(each.subject, each.declared) for each in found.contract_violations] == [
        ("nil", "not null"),
        ("no", "unique"),
        ("nor", "unique"),
        ("not", "accepted values"),
    ]


def test_nulls_that_files_count_prove_or_disprove_a_contract() -> None:
    contract = DataContract(not_null=("id",))
    none = project(replace(known("orders", contract=contract, id="int64"), null_counts={"id": 0}), NOT_NULL)
    assert only_edge(judged(none), "clean").status is VALID
    assert pending_checks(none) == {}
    some = project(replace(known("orders", contract=contract, id="int64"), null_counts={"id": 3}), NOT_NULL)
    (violation,) = only_edge(judged(some), "clean").contract_violations
    assert (violation.kind, violation.available) == (ViolationKind.NULLABLE, "it holds 3 nulls")
    assert pending_checks(some) == {}


def test_accepted_values_are_proven_or_disproven_by_what_files_tell() -> None:
    contract = DataContract(accepted_values={"n": (1, 2, 3)})
    entry = known("orders", contract=contract, n="int64")
    accepted = check(ViolationKind.VALUE_NOT_ACCEPTED, "n")

    def verdict(told: ColumnValues | None) -> tuple[int, list[str]]:
        found = check_contract(replace(entry, values={"n": told} if told is not None else {}), (accepted,))
        return len(found.pending), [violation.available for violation in found.violations]

    assert verdict(None) == (1, [])
    assert verdict(ColumnValues(within=(1, 2), held=(1,))) == (0, [])
    assert verdict(ColumnValues(within=(1, 4), held=(1,))) == (1, [])
    assert verdict(ColumnValues(held=(4, 5))) == (0, ["it holds 4"])
