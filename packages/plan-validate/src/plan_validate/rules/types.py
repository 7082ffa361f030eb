"""Columns must have the type they are read as, or one that widens to it."""

from collections.abc import Mapping
from functools import lru_cache

from plan_contracts import Column, Requirement, TypeMismatch
from plan_contracts.arrow_types import canonical_type, widens_safely


def type_mismatches(
    requirement: Requirement, available: Mapping[str, Column], *, widening: bool
) -> tuple[TypeMismatch, ...]:
    """Give the required columns that exist with a type that does not fit, sorted by column.

    Parameters
    ----------
    requirement
        What the consumer needs; a column without a type fits any.
    available
        The producer's columns by name.
    widening
        Whether a type that can be read as the required one without losing a value fits, such as int32 as int64.

    Raises
    ------
    plan_contracts.TypeNotCanonical
        When a type is no type at all.
    """
    found: dict[tuple[str, str], TypeMismatch] = {}
    for column in requirement.columns:
        there = available.get(column.name)
        if there is None or column.type is None or there.type == column.type:
            continue
        if not type_fits(there.type, column.type, widening=widening):
            mismatch = TypeMismatch(column=column.name, required=column.type, available=there.type)
            found[column.name, column.type] = mismatch
    return tuple(found[key] for key in sorted(found))


@lru_cache(maxsize=65_536)
def type_fits(available: str, required: str, *, widening: bool) -> bool:
    """Say whether a column of the available type can be read as the required one.

    Parameters
    ----------
    available, required
        Types in any spelling that `plan_contracts.arrow_types` knows.
    widening
        Whether safe widening counts as fitting.
    """
    there, wanted = canonical_type(available), canonical_type(required)
    return there == wanted or (widening and widens_safely(there, wanted))
