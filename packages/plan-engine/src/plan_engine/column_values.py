"""Which values a column holds, as far as footers and names of folders tell, for contracts that accept only some."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from plan_contracts import AcceptedValue, ColumnValues, DataFormat, Evidence
from plan_engine.dataset_parts import DatasetPart, parts_of
from plan_engine.datasets import ResolvedDataset
from plan_engine.predicates import Bounds, Constant

MOST_VALUES = 1000
"""Values of one column that are listed."""


def with_values(dataset: ResolvedDataset) -> Evidence:
    """Give the evidence of a dataset with the values of the columns for which its contract accepts only some.

    A column whose accepted values are not of its own kind is left out: comparing them is the business of SQL.
    """
    contract = dataset.evidence.contract
    if contract is None or not contract.accepted_values:
        return dataset.evidence
    parts = [part for parts in parts_of(dataset) for part in parts]
    columns = set(dataset.schema.names)
    found = {
        column: _values(dataset, column, parts, accepted)
        for column, accepted in contract.accepted_values.items()
        if column in columns
    }
    return replace(dataset.evidence, values={column: each for column, each in found.items() if each is not None})


def _values(
    dataset: ResolvedDataset, column: str, parts: Sequence[DatasetPart], accepted: Sequence[AcceptedValue]
) -> ColumnValues | None:
    bounds = [part.bounds(column) for part in parts]
    if any(each is None for each in bounds):
        return None
    known = [each for each in bounds if each is not None and not _only_nulls(each)]
    ends = [(each.least, each.most) for each in known]
    if not all(_of_one_kind(least, most, accepted) for least, most in ends):
        return None
    within: dict[AcceptedValue, None] | None = {}
    for least, most in ends:
        between = _between(least, most)
        within = {**within, **dict.fromkeys(between)} if within is not None and between is not None else None
    # The least and the greatest text may be cut short, and the log of a Delta table may tell wider bounds.
    exact = column in dataset.ref.partition_columns or dataset.ref.format is not DataFormat.DELTA
    held = {_plain(end) for pair in ends for end in pair if exact and (pair[0] == pair[1] or not isinstance(end, str))}
    return ColumnValues(
        within=tuple(within) if within is not None and len(within) <= MOST_VALUES else None,
        held=tuple(sorted(held, key=repr))[:MOST_VALUES],
    )


def _only_nulls(bounds: Bounds) -> bool:
    return bounds.nulls is not None and bounds.nulls == bounds.rows


def _of_one_kind(least: Constant | None, most: Constant | None, accepted: Iterable[AcceptedValue]) -> bool:
    """Say whether both ends are values that are told apart exactly, and so are the accepted ones."""
    if least is None or most is None or type(least) is not type(most):
        return False
    if isinstance(least, date) and not isinstance(least, datetime):
        return all(isinstance(value, str) and _is_date(value) for value in accepted)
    return isinstance(least, bool | int | str) and all(type(value) is type(least) for value in accepted)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _between(least: Constant | None, most: Constant | None) -> list[AcceptedValue] | None:
    """Give all values from one end to the other; none when they are too many or cannot be listed."""
    if least == most:
        return [_plain(least)]
    if isinstance(least, bool):
        return [False, True]
    if isinstance(least, int) and isinstance(most, int) and most - least < MOST_VALUES:
        return list(range(least, most + 1))
    if isinstance(least, date) and isinstance(most, date):
        days = range(least.toordinal(), most.toordinal() + 1)
        return [date.fromordinal(day).isoformat() for day in days] if len(days) <= MOST_VALUES else None
    return None


def _plain(value: Constant | None) -> AcceptedValue:
    return value.isoformat() if isinstance(value, date) else value if isinstance(value, bool | int | str) else ""
