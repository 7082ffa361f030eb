"""Golden cases of validation, admission and drift: one view is sound, one misspells a column, one hangs on it."""

from plan_contracts.checks import ViolationKind
from plan_contracts.drift import DriftFinding, DriftKind, DriftSeverity, PlanDriftArtifact, PlanEvidenceArtifact
from plan_contracts.golden_cases import data, graphs, schedules
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.source_location import SourceLocation
from plan_contracts.validation import (
    Admission,
    AdmissionPolicy,
    ContractViolation,
    EdgeValidation,
    HeldTask,
    PlanValidationArtifact,
    Suggestion,
    TaskValidation,
    TypeMismatch,
    ValidationStatus,
)

BROKEN_EDGE = EdgeValidation(
    producer="orders",
    consumer="daily_revenue",
    status=ValidationStatus.INVALID,
    missing_columns=("amont",),
    places={"amont": SourceLocation(file="views/daily_revenue.sql", line=1, column=45)},
    available_columns=("order_id", "placed_at", "amount"),
    type_mismatches=(TypeMismatch(column="placed_at", required="timestamp(us, UTC)", available="string"),),
    contract_violations=(
        ContractViolation(kind=ViolationKind.NULLABLE, subject="order_id", declared="not null", available="nullable"),
    ),
    suggestions=(Suggestion(subject="amont", replacement="amount", found_in="orders"),),
)

MIXED = PlanValidationArtifact(
    run_id=schedules.RUN_ID,
    plan_signature=schedules.SIGNATURE,
    reduced_plan_signature=schedules.REDUCED_SIGNATURE,
    total_tasks=3,
    valid_tasks=1,
    invalid_tasks=1,
    blocked_tasks=1,
    not_validated_tasks=0,
    total_edges=3,
    valid_edges=1,
    invalid_edges=1,
    task_results=(
        TaskValidation(
            task="customers_clean",
            status=ValidationStatus.VALID,
            edges=(
                EdgeValidation(
                    producer="customers",
                    consumer="customers_clean",
                    status=ValidationStatus.VALID,
                    pending_checks=("unique(customer_id)",),
                ),
            ),
            pending_checks=("not_null(customer_id)",),
        ),
        TaskValidation(
            task="daily_revenue",
            status=ValidationStatus.INVALID,
            location=SourceLocation(file="views/daily_revenue.sql", line=3, column=12),
            edges=(BROKEN_EDGE,),
            findings=(graphs.FINDING,),
        ),
        TaskValidation(
            task="report",
            status=ValidationStatus.BLOCKED,
            edges=(EdgeValidation(producer="daily_revenue", consumer="report", status=ValidationStatus.BLOCKED),),
            blocked_by=("daily_revenue",),
        ),
    ),
)

PARTIAL = Admission(
    policy=AdmissionPolicy.PARTIAL,
    overrides={"report": AdmissionPolicy.WARN},
    admitted=("customers_clean",),
    held=(
        HeldTask(task="daily_revenue", reason="`orders` has no column `amont`"),
        HeldTask(task="report", reason="it reads `daily_revenue`, which is held"),
    ),
    refused=False,
)

DRIFT = PlanDriftArtifact(
    run_id=schedules.RUN_ID,
    compared_run_id="20260101T030405.678-99aabbcc",
    plan_signature=schedules.SIGNATURE,
    compared_plan_signature=schedules.REDUCED_SIGNATURE,
    added=("report",),
    redefined=("daily_revenue",),
    changed_content=("orders",),
    findings=(
        DriftFinding(
            name="orders", kind=DriftKind.ROW_COUNT_CHANGED, severity=DriftSeverity.WARNING, before="1000", after="12"
        ),
        DriftFinding(
            name="orders",
            kind=DriftKind.TYPE_CHANGED,
            severity=DriftSeverity.ERROR,
            subject="amount",
            before="int64",
            after="decimal(12, 2)",
        ),
        DriftFinding(
            name="orders",
            kind=DriftKind.COLUMN_ADDED,
            severity=DriftSeverity.INFO,
            subject="currency",
            after="string",
        ),
    ),
)

EVIDENCE = PlanEvidenceArtifact(
    plan_signature=schedules.SIGNATURE,
    entries={"orders": data.ORDERS, "daily_revenue": data.REVENUE},
    definitions={"daily_revenue": graphs.REVENUE_DEFINITION},
    snapshots={"orders": data.ORDERS_SNAPSHOT},
)

VALID = (
    ValidCase("plan_evidence_artifact", "dataset_and_view", EVIDENCE),
    ValidCase("plan_validation_artifact", "valid_invalid_and_blocked", MIXED),
    ValidCase("admission", "partial", PARTIAL),
    ValidCase("plan_drift_artifact", "type_changed", DRIFT),
)

INVALID = (
    InvalidCase("plan_evidence_artifact", "without_entries", without(EVIDENCE, "entries")),
    InvalidCase("plan_validation_artifact", "unknown_status", altered(MIXED, "task_results.0.status", "ok")),
    InvalidCase("plan_validation_artifact", "negative_count", altered(MIXED, "invalid_edges", -1)),
    InvalidCase("admission", "unknown_policy", altered(PARTIAL, "policy", "lenient")),
    InvalidCase("plan_drift_artifact", "without_run", without(DRIFT, "run_id")),
)
