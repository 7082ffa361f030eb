"""Errors as documents."""

from plan_contracts.base import Contract
from plan_contracts.source_location import SourceLocation


class ErrorPayload(Contract, frozen=True, kw_only=True):
    """What went wrong, where, and what to do about it."""

    code: str
    """Stable code, as listed in the published catalogue of errors."""
    stage: str
    """Part of the product that noticed it."""
    message: str
    """What happened, to which thing."""
    subject: str | None = None
    """The dataset, view, task, file or setting it happened to."""
    location: SourceLocation | None = None
    """Where in a file that the user wrote."""
    suggestion: str | None = None
    """What to do."""


class ErrorReport(Contract, frozen=True, kw_only=True):
    """Why a command could not do what it was asked to."""

    errors: tuple[ErrorPayload, ...]
    """Every independent reason."""
