"""The verdict on each edge and task, and who may run."""

from enum import StrEnum
from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.checks import ViolationKind
from plan_contracts.graph import PlanningFinding
from plan_contracts.scalars import ColumnType, Count, Name, RunId, Sha256, Signature
from plan_contracts.source_location import SourceLocation


class ValidationStatus(StrEnum):
    """Verdict on a task or an edge."""

    VALID = "valid"
    INVALID = "invalid"
    BLOCKED = "blocked"
    NOT_VALIDATED = "not_validated"


class AdmissionPolicy(StrEnum):
    """What happens to a plan that is not valid as a whole."""

    STRICT = "strict"
    PARTIAL = "partial"
    WARN = "warn"


class TypeMismatch(Contract, frozen=True, kw_only=True):
    """A column is there, with another type."""

    column: str
    """The column."""
    required: ColumnType
    """Type that is needed."""
    available: ColumnType
    """Type that there is."""


class ContractViolation(Contract, frozen=True, kw_only=True):
    """A declared contract does not hold for what there is."""

    kind: ViolationKind
    """Which part."""
    subject: str
    """Column, metadata key, or the name of the bound."""
    declared: str
    """What plan.toml says."""
    available: str
    """What there is."""


class Suggestion(Contract, frozen=True, kw_only=True):
    """The nearest thing that does exist."""

    subject: str
    """The column or table that is missing."""
    replacement: str
    """The nearest name."""
    found_in: Name
    """The dataset or view that has it."""


class EdgeValidation(Contract, frozen=True, kw_only=True):
    """Verdict on one edge."""

    producer: Name
    """Dataset or view that is read."""
    consumer: Name
    """View that reads."""
    status: ValidationStatus
    """`blocked` when the producer's schema could not be derived."""
    missing_columns: tuple[str, ...] = ()
    """Columns that the producer lacks, sorted."""
    places: dict[str, SourceLocation] = {}
    """Where the consumer names them, by column, as far as that is known."""
    available_columns: tuple[str, ...] = ()
    """Columns that the producer has, in its order, the first of many; empty when none is missing."""
    type_mismatches: tuple[TypeMismatch, ...] = ()
    """Columns of another type, sorted by column."""
    missing_metadata: tuple[str, ...] = ()
    """Metadata keys that the producer lacks, sorted."""
    contract_violations: tuple[ContractViolation, ...] = ()
    """Where the producer breaks its declared contract."""
    pending_checks: tuple[str, ...] = ()
    """Checks of the producer, a dataset, that need its data: they run before the consumer, and hold it if they fail."""
    suggestions: tuple[Suggestion, ...] = ()
    """Nearest fits for what is missing."""


class TaskValidation(Contract, frozen=True, kw_only=True):
    """Verdict on one view."""

    task: Name
    """The view."""
    status: ValidationStatus
    """The worst of its own findings and its edges; `blocked` when it is sound but reads what is not."""
    definition: Sha256 | None = None
    """Identity of the logic that was judged; none for a view that did not plan."""
    location: SourceLocation | None = None
    """The view's file."""
    edges: tuple[EdgeValidation, ...] = ()
    """Its inputs, sorted by producer."""
    findings: tuple[PlanningFinding, ...] = ()
    """What no single edge can show."""
    contract_violations: tuple[ContractViolation, ...] = ()
    """Where its output breaks its own declared contract."""
    pending_checks: tuple[str, ...] = ()
    """Checks that need its output: they run before it is published and before its consumers."""
    blocked_by: tuple[Name, ...] = ()
    """The invalid views above it, sorted."""


class PlanValidationArtifact(Contract, frozen=True, kw_only=True):
    """The validation of one plan."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"run_id"})

    run_id: RunId
    """The run it was made for."""
    plan_signature: Signature
    """Identity of the logical graph."""
    reduced_plan_signature: Signature
    """Identity of its transitive reduction."""
    total_tasks: Count
    """All views."""
    valid_tasks: Count
    """Views with status `valid`."""
    invalid_tasks: Count
    """Views with status `invalid`."""
    blocked_tasks: Count
    """Views with status `blocked`."""
    not_validated_tasks: Count
    """Views with status `not_validated`."""
    total_edges: Count
    """All edges."""
    valid_edges: Count
    """Edges with status `valid`."""
    invalid_edges: Count
    """Edges with status `invalid`."""
    task_results: tuple[TaskValidation, ...]
    """Verdict on each view, sorted by name."""


class HeldTask(Contract, frozen=True, kw_only=True):
    """A view that may not run."""

    task: Name
    """The view."""
    reason: str
    """Why, in one sentence."""


class Admission(Contract, frozen=True, kw_only=True):
    """Who may run, decided from a validation artifact and a policy."""

    policy: AdmissionPolicy
    """The policy that was applied."""
    overrides: dict[Name, AdmissionPolicy] = {}
    """Other policies of single datasets and views."""
    admitted: tuple[Name, ...]
    """Views that may run, sorted; empty when a strict policy stops the build."""
    held: tuple[HeldTask, ...]
    """Views that may not, sorted by name."""
    refused: bool
    """Whether nothing may run at all."""
