"""How CSV files are read: in the same way when a plan is made and when it runs."""

import re
from collections.abc import Sequence

import pyarrow as pa
from datafusion import SessionContext, col, lit
from datafusion import functions as f
from datafusion.options import CsvReadOptions

from plan_contracts import CsvOptions
from plan_engine.table_catalog import quoted


def csv_read_options(
    csv: CsvOptions, *, schema: pa.Schema | None = None, inference_rows: int = 0, ending: str = ""
) -> CsvReadOptions:
    """Give DataFusion's options for files that are written as `csv` says.

    Parameters
    ----------
    csv
        Header, delimiter, quote and null marker.
    schema
        The columns; inferred when omitted.
    inference_rows
        Rows to infer the types from, when there is no schema.
    ending
        Only files with this ending are read from a folder.
    """
    return CsvReadOptions(
        has_header=csv.header,
        delimiter=csv.delimiter,
        quote=csv.quote,
        newlines_in_values=True,
        schema=schema,
        schema_infer_max_records=inference_rows,
        file_extension=ending,
        null_regex=f"^{re.escape(csv.null)}$" if csv.null is not None else None,
    )


def register_csv(context: SessionContext, name: str, paths: Sequence[str], csv: CsvOptions, schema: pa.Schema) -> None:
    """Make CSV files readable as a table.

    DataFusion heeds a null marker when it infers types and not when it reads. So files with one are read as text, and
    the marker is taken out before the text becomes values; an empty field is null as well.

    Parameters
    ----------
    context
        The session.
    name
        The table.
    paths
        Files, in order.
    csv
        How they are written.
    schema
        Names and types of all columns.
    """
    if csv.null is None:
        context.register_csv(quoted(name), list(paths), options=csv_read_options(csv, schema=schema))
        return
    text = pa.schema([pa.field(column, pa.string()) for column in schema.names])
    raw = f"{name} as text"  # no name of a dataset or view holds a space
    context.register_csv(quoted(raw), list(paths), options=csv_read_options(csv, schema=text))
    columns = [
        f.nullif(col(quoted(column)), lit(csv.null)).cast(kind).alias(column)
        for column, kind in zip(schema.names, schema.types, strict=True)
    ]
    context.register_view(quoted(name), context.table(quoted(raw)).select(*columns))
