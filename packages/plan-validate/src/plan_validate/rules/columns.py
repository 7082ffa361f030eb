"""Required columns must exist."""

from collections.abc import Mapping

from plan_contracts import Column, Requirement


def missing_columns(requirement: Requirement, available: Mapping[str, Column]) -> tuple[str, ...]:
    """Give the required columns that the producer lacks, sorted, each once.

    Parameters
    ----------
    requirement
        What the consumer needs.
    available
        The producer's columns by name; names match exactly, as in SQL once an identifier is resolved.
    """
    return tuple(sorted({column.name for column in requirement.columns if column.name not in available}))
