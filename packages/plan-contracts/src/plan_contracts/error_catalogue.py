"""Every error code that users and programs may meet, of all packages of the product."""

from plan_contracts.base import Contract
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
    summary: str
    """What happened, and what to do."""


def _code(code: str, package: str, stage: str, exit_code: int, summary: str) -> ErrorCode:
    return ErrorCode(code=code, package=package, stage=stage, exit_code=exit_code, summary=summary)


ERROR_CODES: tuple[ErrorCode, ...] = (
    _code(
        "contract_frozen",
        "plan_contracts",
        "contracts",
        2,
        "A released version of a contract would change: give the change a new version.",
    ),
    _code(
        "contract_unknown",
        "plan_contracts",
        "contracts",
        2,
        "No contract of that name is published: see `contracts/INDEX.json`.",
    ),
    _code(
        "document_refused",
        "plan_contracts",
        "contracts",
        2,
        "Bytes are no valid document of the contract: the message ends with the place.",
    ),
    _code(
        "name_refused",
        "plan_contracts",
        "contracts",
        2,
        "A name is outside the grammar, or two names differ only in case: rename.",
    ),
    _code(
        "not_canonical",
        "plan_contracts",
        "contracts",
        2,
        "A document holds NaN or an infinity, which have no canonical form.",
    ),
    _code("plan_errors", "plan_contracts", "plan", 2, "Several independent errors; each must be mended."),
    _code("profile_unknown", "plan_contracts", "project", 2, "plan.toml defines no profile of that name."),
    _code(
        "project_file_invalid",
        "plan_contracts",
        "project",
        2,
        "plan.toml holds a key or a value that is not known there.",
    ),
    _code("project_file_malformed", "plan_contracts", "project", 2, "plan.toml is not TOML: see line and column."),
    _code(
        "project_file_missing",
        "plan_contracts",
        "project",
        2,
        "The folder holds no readable plan.toml: name the one that does.",
    ),
    _code(
        "type_not_canonical",
        "plan_contracts",
        "contracts",
        2,
        "A text is no column type, or one without a canonical form.",
    ),
)
"""Sorted by package, then code."""
