"""What the catalogue says of one kind of error."""

from plan_contracts.base import Contract
from plan_contracts.errors_payload import SubjectKind
from plan_contracts.scalars import Count


class ErrorCode(Contract, frozen=True, kw_only=True):
    """One kind of error."""

    code: str
    """Stable code; never reused for something else."""
    package: str
    """Package that raises it."""
    stage: str
    """Part of the product that notices it."""
    exit_code: Count
    """Exit code of the command line when it ends a command."""
    subject: SubjectKind | None
    """What `subject` of the payload is; none when the error has no subject."""
    related: str | None
    """What `related` of the payload lists; none when it lists nothing."""
    summary: str
    """What happened, and what to do."""


def entry(
    code: str,
    package: str,
    stage: str,
    exit_code: int,
    summary: str,
    *,
    subject: SubjectKind | None = None,
    related: str | None = None,
) -> ErrorCode:
    """Make an entry; package and stage stand in each, so that it is found by either."""
    return ErrorCode(
        code=code,
        package=package,
        stage=stage,
        exit_code=exit_code,
        subject=subject,
        related=related,
        summary=summary,
    )
