"""How many nulls the footers of a Parquet dataset count, where each of them counts."""

from collections.abc import Iterable, Sequence

import pyarrow.parquet as pq

from plan_engine.file_facts import FileFacts


def null_counts(facts: Sequence[FileFacts], columns: Iterable[str]) -> dict[str, int]:
    """Add up the nulls of columns over all row groups of all files.

    Parameters
    ----------
    facts
        What is known of each file.
    columns
        Top-level columns; each costs a look at every row group.

    Returns
    -------
    dict[str, int]
        By column. One that some row group has no count for, or that holds lists or structs, is left out; in a file that
        lacks it every row is a null.
    """
    wanted = tuple(columns)
    counted = [_counted(fact.footer, wanted) for fact in facts] if wanted else []
    return {
        column: sum(each[column] for each in counted)
        for column in wanted
        if counted and all(column in each for each in counted)
    }


def _counted(footer: pq.FileMetaData | None, columns: Iterable[str]) -> dict[str, int]:
    if footer is None:
        return {}
    places = {footer.schema.column(index).path: index for index in range(footer.num_columns)}
    nested = {path.partition(".")[0] for path in places if "." in path}
    counts: dict[str, int] = {}
    for column in columns:
        place = places.get(column)
        if place is None and column not in nested:
            counts[column] = footer.num_rows
        elif place is not None:
            groups = [_nulls_of(footer, group, place) for group in range(footer.num_row_groups)]
            known = [nulls for nulls in groups if nulls is not None]
            if len(known) == len(groups):
                counts[column] = sum(known)
    return counts


def _nulls_of(footer: pq.FileMetaData, group: int, place: int) -> int | None:
    statistics = footer.row_group(group).column(place).statistics
    return statistics.null_count if statistics is not None else None
