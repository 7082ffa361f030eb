"""The parts of a dataset that statistics speak of: row groups of Parquet, and whole files of everything else."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from plan_engine.datasets import ResolvedDataset
from plan_engine.predicates import Bounds, Constant
from plan_engine.source_files import SourceFile


@dataclass(frozen=True, kw_only=True)
class DatasetPart:
    """A row group, or a file without row groups."""

    file: SourceFile
    row_group: int | None
    """Its number within the file; none for a whole file."""
    rows: int | None
    bytes: int
    bounds: Callable[[str], Bounds | None]
    """What is known of a column in it."""


def parts_of(dataset: ResolvedDataset) -> list[list[DatasetPart]]:
    """Give the parts of each file, in order; a Parquet file without rows has none."""
    constants = _partition_bounds(dataset)
    return [
        _row_groups(file, fact.footer, constants[index])
        if fact.footer is not None
        else [_whole(file, fact.rows if dataset.ref.rows is not None else None, {**fact.bounds, **constants[index]})]
        for index, (file, fact) in enumerate(zip(dataset.files, dataset.facts, strict=True))
    ]


def _partition_bounds(dataset: ResolvedDataset) -> list[dict[str, Bounds]]:
    """Give for each file what the names of its folders say: one value for all of its rows."""
    ref = dataset.ref
    kinds = [dataset.schema.field(key).type for key in ref.partition_columns]
    if not ref.partition_values:
        return [{} for _ in dataset.files]
    return [
        {key: _constant(value, kind) for key, value, kind in zip(ref.partition_columns, values, kinds, strict=True)}
        for values in ref.partition_values
    ]


def _constant(text: str | None, kind: pa.DataType) -> Bounds:
    if text is None:
        return Bounds(nulls=1, rows=1)
    value: Constant = pa.scalar(text).cast(kind).as_py()
    return Bounds(least=value, most=value, nulls=0, rows=1)


def _whole(file: SourceFile, rows: int | None, constants: Mapping[str, Bounds]) -> DatasetPart:
    return DatasetPart(file=file, row_group=None, rows=rows, bytes=file.bytes, bounds=constants.get)


def _row_groups(file: SourceFile, footer: pq.FileMetaData, constants: Mapping[str, Bounds]) -> list[DatasetPart]:
    places = _column_places(footer)
    sizes = [footer.row_group(index).total_byte_size for index in range(footer.num_row_groups)]
    whole = sum(sizes) or 1

    def bounds_in(index: int) -> Callable[[str], Bounds | None]:
        def bounds(column: str) -> Bounds | None:
            if column in constants:
                return constants[column]
            place = places.get(column)
            return _column_bounds(footer, index, place) if place is not None else None

        return bounds

    return [
        DatasetPart(
            file=file,
            row_group=index,
            rows=footer.row_group(index).num_rows,
            bytes=file.bytes * sizes[index] // whole,
            bounds=bounds_in(index),
        )
        for index in range(footer.num_row_groups)
    ]


def _column_places(footer: pq.FileMetaData) -> dict[str, int]:
    """Give the place of each column that is not nested."""
    paths = [footer.schema.column(index).path for index in range(footer.num_columns)]
    return {path: index for index, path in enumerate(paths) if "." not in path}


def _column_bounds(footer: pq.FileMetaData, group: int, place: int) -> Bounds | None:
    chunk = footer.row_group(group).column(place)
    if not chunk.is_stats_set:
        return None
    statistics = chunk.statistics
    if statistics is None:
        return None
    ranged = statistics.has_min_max
    return Bounds(
        least=statistics.min if ranged else None,
        most=statistics.max if ranged else None,
        nulls=statistics.null_count if _counts_nulls(statistics) else None,
        rows=footer.row_group(group).num_rows,
    )


def _counts_nulls(statistics: pq.Statistics) -> bool:
    return bool(statistics.has_null_count)  # pyright: ignore[reportAttributeAccessIssue]  # pyrefly: ignore  # not in the stubs
