"""The nearest thing that does exist."""

from collections.abc import Mapping, Sequence

from plan_contracts import Column, Suggestion, nearest

MAX_SEARCHED = 50
"""Missing columns of one edge for which a nearest name is searched; a search reads every column of the producer."""


def suggest_columns(
    missing: Sequence[str],
    producer: str,
    available: Mapping[str, Column],
    other_inputs: Mapping[str, Mapping[str, Column]],
) -> tuple[Suggestion, ...]:
    """Suggest, for each missing column, the closest one of the same producer and the same one of other inputs.

    Parameters
    ----------
    missing
        Columns that the producer lacks.
    producer
        The dataset or view that lacks them.
    available
        Its columns by name.
    other_inputs
        Columns by name of each other input of the same consumer.

    Returns
    -------
    tuple[Suggestion, ...]
        In the order of `missing`; for each the closest name first, then other inputs, sorted.
    """
    found: list[Suggestion] = []
    for index, column in enumerate(missing):
        close = nearest(column, available) if index < MAX_SEARCHED else None
        if close is not None:
            found.append(Suggestion(subject=column, replacement=close, found_in=producer))
        found.extend(
            Suggestion(subject=column, replacement=column, found_in=other)
            for other in sorted(other_inputs)
            if other != producer and column in other_inputs[other]
        )
    return tuple(found)
