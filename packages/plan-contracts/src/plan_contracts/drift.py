"""What changed between two runs of one project."""

from enum import StrEnum
from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.evidence import Evidence
from plan_contracts.references import DatasetSnapshot
from plan_contracts.scalars import Name, RunId, Sha256, Signature


class DriftSeverity(StrEnum):
    """How much a difference matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class DriftKind(StrEnum):
    """What became of a column, a metadata key, the rows or the files."""

    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    TYPE_CHANGED = "type_changed"
    NULLABILITY_CHANGED = "nullability_changed"
    METADATA_CHANGED = "metadata_changed"
    ROW_COUNT_CHANGED = "row_count_changed"
    FILES_CHANGED = "files_changed"


class DriftFinding(Contract, frozen=True, kw_only=True):
    """One difference in the schema or the content of a dataset or of a view's output."""

    name: Name
    """Dataset or view."""
    kind: DriftKind
    """What changed."""
    severity: DriftSeverity
    """How much it matters."""
    subject: str | None = None
    """The column or metadata key; none where rows or files changed."""
    before: str | None = None
    """Type, nullability, value, or number of rows or files in the earlier run; none where it did not exist."""
    after: str | None = None
    """The same in the later run; none where it no longer exists."""


class PlanDriftArtifact(Contract, frozen=True, kw_only=True):
    """The differences between a run and the last one before it."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"run_id", "compared_run_id"})

    run_id: RunId
    """The later run."""
    compared_run_id: RunId | None
    """The earlier run; none for a project's first run, which has no drift."""
    plan_signature: Signature
    """Identity of the later logical graph."""
    compared_plan_signature: Signature
    """Identity of the earlier one; empty for a project's first run."""
    added: tuple[Name, ...] = ()
    """Datasets and views that are new, sorted."""
    removed: tuple[Name, ...] = ()
    """Datasets and views that are gone, sorted."""
    redefined: tuple[Name, ...] = ()
    """Views whose own logic changed, sorted."""
    changed_content: tuple[Name, ...] = ()
    """Datasets whose content changed, sorted."""
    findings: tuple[DriftFinding, ...] = ()
    """Sorted by name, then subject, then kind."""


class PlanEvidenceArtifact(Contract, frozen=True, kw_only=True):
    """What was known of every dataset and view when a plan was made: what a later run is compared with."""

    plan_signature: Signature
    """Identity of the logical graph."""
    entries: dict[Name, Evidence]
    """Columns, metadata, rows and bytes, by dataset and view."""
    definitions: dict[Name, Sha256] = {}
    """Identity of the logic of each view that planned."""
    snapshots: dict[Name, DatasetSnapshot] = {}
    """Identity of the content of each dataset."""
