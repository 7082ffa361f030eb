"""What changed between two runs of one project."""

from enum import StrEnum
from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.scalars import Name, RunId, Signature


class DriftKind(StrEnum):
    """What became of a column or a metadata key."""

    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    TYPE_CHANGED = "type_changed"
    NULLABILITY_CHANGED = "nullability_changed"
    METADATA_CHANGED = "metadata_changed"


class SchemaDrift(Contract, frozen=True, kw_only=True):
    """One difference in the schema of a dataset or of a view's output."""

    name: Name
    """Dataset or view."""
    kind: DriftKind
    """What changed."""
    subject: str
    """The column or metadata key."""
    before: str | None = None
    """Type, nullability or value in the earlier run; none where it did not exist."""
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
    schema_changes: tuple[SchemaDrift, ...] = ()
    """Sorted by name, then subject, then kind."""
