"""How CSV files are read: in the same way when a plan is made and when it runs."""

import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
from datafusion import Expr, SessionContext, col, lit
from datafusion import functions as f
from datafusion.options import CsvReadOptions

from plan_contracts import CsvOptions
from plan_engine.compression import Compression
from plan_engine.table_catalog import quoted

PartitionFields = Sequence[tuple[str, pa.DataType]]
"""Columns whose values stand in the names of folders."""


def csv_read_options(
    csv: CsvOptions,
    *,
    schema: pa.Schema | None = None,
    inference_rows: int = 0,
    partitions: PartitionFields = (),
    compression: Compression = Compression.NONE,
) -> CsvReadOptions:
    """Give DataFusion's options for files that are written as `csv` says.

    Parameters
    ----------
    csv
        Header, delimiter, quote, escape, comment and null markers.
    schema
        The columns that the files hold; inferred when omitted.
    inference_rows
        Rows to infer the types from, when there is no schema.
    partitions
        Columns that the names of folders hold.
    compression
        How the files are compressed.
    """
    markers = "|".join(re.escape(marker) for marker in csv.null_markers)
    return CsvReadOptions(
        has_header=csv.header,
        delimiter=csv.delimiter,
        quote=csv.quote,
        escape=csv.escape,
        comment=csv.comment,
        newlines_in_values=True,
        schema=schema,
        schema_infer_max_records=inference_rows,
        file_extension="",
        table_partition_cols=list(partitions) or None,
        file_compression_type=compression.value,
        null_regex=f"^(?:{markers})$" if markers else None,
    )


def register_csv(
    context: SessionContext,
    name: str,
    place: str | Path,
    csv: CsvOptions,
    schema: pa.Schema,
    partitions: PartitionFields = (),
    compression: Compression = Compression.NONE,
) -> None:
    """Make CSV files readable as a table.

    DataFusion heeds a null marker when it infers types and not when it reads. So files with one are read as text, and
    the marker is taken out before the text becomes values; an empty field is null as well.

    Parameters
    ----------
    context
        The session.
    name
        The table.
    place
        A file, or a folder of which every file is read.
    csv
        How they are written.
    schema
        Names and types of the columns that the files hold.
    partitions
        Columns that the names of folders hold.
    compression
        How the files are compressed.
    """
    if not csv.null_markers:
        options = csv_read_options(csv, schema=schema, partitions=partitions, compression=compression)
        context.register_csv(quoted(name), str(place), options=options)
        return
    text = pa.schema([pa.field(column, pa.string()) for column in schema.names])
    raw = f"{name} as text"  # no name of a dataset or view holds a space
    options = csv_read_options(csv, schema=text, partitions=partitions, compression=compression)
    context.register_csv(quoted(raw), str(place), options=options)
    columns = [
        reduce(_without, csv.null_markers, col(quoted(column))).cast(kind).alias(column)
        for column, kind in zip(schema.names, schema.types, strict=True)
    ]
    columns += [col(quoted(column)) for column, _ in partitions]
    context.register_view(quoted(name), context.table(quoted(raw)).select(*columns))


def _without(value: Expr, marker: str) -> Expr:
    return f.nullif(value, lit(marker))
