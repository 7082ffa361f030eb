"""Declared contracts must hold for what there is."""

from collections.abc import Iterable
from dataclasses import dataclass

from plan_contracts import (
    AcceptedValue,
    ColumnValues,
    ContractViolation,
    DataCheck,
    DataContract,
    Evidence,
    Exactness,
    ViolationKind,
    nearest,
)
from plan_validate.rules.types import type_fits


@dataclass(frozen=True, slots=True)
class ContractVerdict:
    """How a declared contract fares against evidence."""

    violations: tuple[ContractViolation, ...]
    """What certainly does not hold."""
    unproven: tuple[ContractViolation, ...]
    """What may hold, and cannot be told before the data are read, by no check either."""
    pending: tuple[DataCheck, ...] = ()
    """What may hold, and checks will tell when the data are there."""

    @property
    def all(self) -> tuple[ContractViolation, ...]:
        """Both, the certain ones first."""
        return self.violations + self.unproven

    @property
    def pending_names(self) -> tuple[str, ...]:
        """Names of the checks that are still to be run."""
        return tuple(check.name for check in self.pending)


HOLDS = ContractVerdict(violations=(), unproven=())
"""Nothing is declared, or all of it holds."""


def check_contract(evidence: Evidence, checks: Iterable[DataCheck] = ()) -> ContractVerdict:
    """Hold evidence against the contract that it carries.

    Parameters
    ----------
    evidence
        Columns, metadata and rows, with the declared contract.
    checks
        The checks that can be run on the data. One that does not plan is a violation: what it says cannot hold.

    Notes
    -----
    Types must be equal: a contract speaks of what is stored, not of what could be read as it. A schema that allows
    nulls which nobody has counted, and rows that are not known exactly, disprove nothing: these are unproven, not
    violated.
    """
    declared = evidence.contract
    if declared is None:
        return HOLDS
    open_parts = (*_nulls(declared, evidence), *_unknown_rows(declared, evidence), *_of_rows(declared, evidence))
    known = {(check.kind, check.subject): check for check in checks}
    able = [(part, known.get((part.kind, part.subject))) for part in open_parts]
    return ContractVerdict(
        violations=(
            *_columns(declared, evidence),
            *_metadata(declared, evidence),
            *_rows(declared, evidence),
            *_counted_nulls(declared, evidence),
            *_held_values(declared, evidence),
            *(_not_planned(check) for _, check in able if check is not None and check.fault is not None),
        ),
        unproven=tuple(part for part, check in able if check is None),
        pending=tuple(check for _, check in able if check is not None and check.fault is None),
    )


def _columns(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    available = {column.name: column for column in evidence.columns}
    found: list[ContractViolation] = []
    grouped = (key if isinstance(key, tuple) else (key,) for key in declared.unique)
    rules = dict.fromkeys((column for key in grouped for column in key), "unique")
    rules |= dict.fromkeys(declared.accepted_values, "accepted values")
    rules |= dict.fromkeys(declared.not_null, "not null")
    for name in sorted({*declared.columns, *rules}):
        wanted, there = declared.columns.get(name), available.get(name)
        if there is None:
            close = nearest(name, available)
            found.append(
                ContractViolation(
                    kind=ViolationKind.COLUMN_MISSING,
                    subject=name,
                    declared=wanted or rules[name],
                    available=f"no such column; the nearest is `{close}`" if close is not None else "no such column",
                )
            )
        elif wanted is not None and not type_fits(there.type, wanted, widening=False):
            found.append(
                ContractViolation(kind=ViolationKind.TYPE_DIFFERS, subject=name, declared=wanted, available=there.type)
            )
    return found


def _nulls(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    """Give the columns that may hold nulls: the schema allows them, and the files do not say that there are none."""
    nullable = {column.name for column in evidence.columns if column.nullable} - evidence.null_counts.keys()
    return [
        ContractViolation(
            kind=ViolationKind.NULLABLE, subject=name, declared="not null", available="the schema allows nulls"
        )
        for name in sorted(nullable.intersection(declared.not_null))
    ]


def _counted_nulls(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    """Give the columns of which the files say that they hold nulls."""
    counted = {name: evidence.null_counts.get(name, 0) for name in sorted(set(declared.not_null))}
    return [
        ContractViolation(
            kind=ViolationKind.NULLABLE,
            subject=name,
            declared="not null",
            available=f"it holds {nulls:,} null{'s' if nulls > 1 else ''}",
        )
        for name, nulls in counted.items()
        if nulls
    ]


def _of_rows(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    """Give what is declared about rows and no evidence proves, as far as the columns exist."""
    available = {column.name for column in evidence.columns}
    unknown = "not known before the data are read"
    keys = [key if isinstance(key, tuple) else (key,) for key in declared.unique]
    parts = [(ViolationKind.NOT_UNIQUE, ", ".join(key), "unique") for key in keys if key and available.issuperset(key)]
    parts += [
        (ViolationKind.VALUE_NOT_ACCEPTED, column, ", ".join(str(value) for value in values))
        for column, values in declared.accepted_values.items()
        if column in available and not _told(values, evidence.values.get(column))
    ]
    parts += [(ViolationKind.EXPRESSION_FALSE, name, text) for name, text in declared.expressions.items()]
    return [
        ContractViolation(kind=kind, subject=subject, declared=text, available=unknown) for kind, subject, text in parts
    ]


def _told(accepted: tuple[AcceptedValue, ...], known: ColumnValues | None) -> bool:
    """Say whether the files tell of all values that they are accepted, or of one that it is not."""
    return known is not None and (
        not set(known.held) <= set(accepted) or (known.within is not None and set(known.within) <= set(accepted))
    )


def _held_values(declared: DataContract, evidence: Evidence) -> list[ContractViolation]:
    """Give the columns of which the files say that they hold a value that is not accepted."""
    return [
        ContractViolation(
            kind=ViolationKind.VALUE_NOT_ACCEPTED,
            subject=column,
            declared=", ".join(str(value) for value in accepted) or "no value",
            available=f"it holds {other[0]}",
        )
        for column, accepted in sorted(declared.accepted_values.items())
        if (other := [value for value in _held(evidence, column) if value not in accepted])
    ]


def _held(evidence: Evidence, column: str) -> tuple[AcceptedValue, ...]:
    known = evidence.values.get(column)
    return known.held if known is not None else ()


def _not_planned(check: DataCheck) -> ContractViolation:
    return ContractViolation(
        kind=ViolationKind.CHECK_NOT_PLANNED,
        subject=check.name,
        declared=check.declared,
        available=check.fault or "",
    )


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
