"""The parts of a dataset that statistics speak of: row groups of Parquet, and whole files of everything else."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Callable, Mapping
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from plan_engine.datasets import ResolvedDataset
from plan_engine.predicates import Bounds, Constant
from plan_engine.source_files import SourceFile


class DatasetPart(msgspec.Struct, frozen=True, kw_only=True):
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
        _row_groups(file, fact.schema, fact.footer, constants[index])
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


def _row_groups(
    file: SourceFile, schema: pa.Schema, footer: pq.FileMetaData, constants: Mapping[str, Bounds]
) -> list[DatasetPart]:
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    sizes = [group.total_byte_size for group in groups]
    whole = sum(sizes) or 1
    statistics = _FooterStatistics(schema, footer.schema, constants)
    return [
        DatasetPart(
            file=file,
            row_group=index,
            rows=group.num_rows,
            bytes=file.bytes * sizes[index] // whole,
            bounds=partial(statistics.bounds, group),
        )
        for index, group in enumerate(groups)
    ]


class _FooterStatistics:
    """What the footer and the folders of one file say of its columns, looked up when it is asked for."""

    def __init__(self, schema: pa.Schema, stored: pq.ParquetSchema, constants: Mapping[str, Bounds]) -> None:
        self._schema = schema
        self._stored = stored
        self._constants = constants
        self._places: dict[str, int | None] = {}

    def bounds(self, group: pq.RowGroupMetaData, column: str) -> Bounds | None:
        """Give what is known of a column in a row group."""
        if column in self._constants:
            return self._constants[column]
        if column not in self._places:
            self._places[column] = self._place_of(column)
        place = self._places[column]
        return _column_bounds(group, place) if place is not None else None

    def _place_of(self, column: str) -> int | None:
        """Give the place of a column among those that are stored; none of a nested one, which is stored as several."""
        if "." in column:
            return None
        likely = self._schema.get_field_index(column)
        if 0 <= likely < len(self._stored) and self._stored.column(likely).path == column:
            return likely
        paths = (self._stored.column(index).path for index in range(len(self._stored)))
        return next((index for index, path in enumerate(paths) if path == column), None)


def _column_bounds(group: pq.RowGroupMetaData, place: int) -> Bounds | None:
    chunk = group.column(place)
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
        rows=group.num_rows,
    )


def _counts_nulls(statistics: pq.Statistics) -> bool:
    return bool(statistics.has_null_count)  # pyright: ignore[reportAttributeAccessIssue]  # pyrefly: ignore  # not in the stubs
