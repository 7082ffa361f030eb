"""Errors of plan-validate."""

from plan_contracts.error_catalogue.entry import ErrorCode, entry
from plan_contracts.errors_payload import SubjectKind

VALIDATE_CODES: tuple[ErrorCode, ...] = (
    entry(
        "graph_refused",
        "plan_validate",
        "validate",
        2,
        "The graph contradicts itself: two nodes of one name, an edge between unknown nodes or into a dataset.",
        subject=SubjectKind.NODE,
    ),
)
"""Sorted by code."""
