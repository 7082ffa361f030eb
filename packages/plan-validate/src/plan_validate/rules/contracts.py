"""Declared contracts must hold for what there is."""

from dataclasses import dataclass

from plan_contracts import ContractViolation, DataContract, Evidence, Exactness, ViolationKind
from plan_validate.rules.types import type_fits


@dataclass(frozen=True, slots=True)
class ContractVerdict:
    """How a declared contract fares against evidence."""

    violations: tuple[ContractViolation, ...]
    """What certainly does not hold."""
    unproven: tuple[ContractViolation, ...]
    """What may hold, and cannot be told before the data are read."""

    @property
    def all(self) -> tuple[ContractViolation, ...]:
        """Both, the certain ones first."""
        return self.violations + self.unproven


HOLDS = ContractVerdict(violations=(), unproven=())
"""Nothing is declared, or all of it holds."""


def check_contract(evidence: Evidence) -> ContractVerdict:
    """Hold evidence against the contract that it carries.

    Parameters
    ----------
    evidence
        Columns, metadata and rows, with the declared contract.

    Notes
    -----
    Types must be equal: a contract speaks of what is stored, not of what could be read as it. A schema that allows
    nulls, and rows that are not known exactly, disprove nothing: these are unproven, not violated.
    """
    declared = evidence.contract
    if declared is None:
        return HOLDS
    return ContractVerdict(
        violations=(*_columns(declared, evidence), *_metadata(declared, evidence), *_rows(declared, evidence)),
        unproven=(*_nulls(declared, evidence), *_unknown_rows(declared, evidence)),
    )


def _columns(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    available = {column.name: column for column in evidence.columns}
    found: list[ContractViolation] = []
    for name in sorted({*declared.columns, *declared.not_null}):
        wanted, there = declared.columns.get(name), available.get(name)
        if there is None:
            found.append(
                ContractViolation(
                    kind=ViolationKind.COLUMN_MISSING,
                    subject=name,
                    declared=wanted or "not null",
                    available="no such column",
                )
            )
        elif wanted is not None and not type_fits(there.type, wanted, widening=False):
            found.append(
                ContractViolation(kind=ViolationKind.TYPE_DIFFERS, subject=name, declared=wanted, available=there.type)
            )
    return found


def _nulls(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    nullable = {column.name for column in evidence.columns if column.nullable}
    return [
        ContractViolation(
            kind=ViolationKind.NULLABLE, subject=name, declared="not null", available="the schema allows nulls"
        )
        for name in sorted(nullable.intersection(declared.not_null))
    ]


def _metadata(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    found: list[ContractViolation] = []
    for key, wanted in sorted(declared.metadata.items()):
        there = evidence.metadata.get(key)
        if there is None:
            found.append(
                ContractViolation(
                    kind=ViolationKind.METADATA_MISSING, subject=key, declared=wanted, available="no such key"
                )
            )
        elif there != wanted:
            found.append(
                ContractViolation(kind=ViolationKind.METADATA_DIFFERS, subject=key, declared=wanted, available=there)
            )
    return found


def _exact_rows(evidence: Evidence) -> int | None:
    return evidence.rows if evidence.exactness is Exactness.EXACT else None


def _rows(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    rows = _exact_rows(evidence)
    found: list[ContractViolation] = []
    if rows is None:
        return found
    if declared.min_rows is not None and rows < declared.min_rows:
        found.append(_bound(ViolationKind.TOO_FEW_ROWS, declared.min_rows, str(rows)))
    if declared.max_rows is not None and rows > declared.max_rows:
        found.append(_bound(ViolationKind.TOO_MANY_ROWS, declared.max_rows, str(rows)))
    return found


def _unknown_rows(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    found: list[ContractViolation] = []
    if _exact_rows(evidence) is not None:
        return found
    unknown = "not known before the data are read"
    if declared.min_rows:  # every result has at least 0 rows
        found.append(_bound(ViolationKind.TOO_FEW_ROWS, declared.min_rows, unknown))
    if declared.max_rows is not None:
        found.append(_bound(ViolationKind.TOO_MANY_ROWS, declared.max_rows, unknown))
    return found


def _bound(kind: ViolationKind, declared: int, available: str) -> ContractViolation:
    subject = "min_rows" if kind is ViolationKind.TOO_FEW_ROWS else "max_rows"
    return ContractViolation(kind=kind, subject=subject, declared=str(declared), available=available)
