"""What CSV files say about their columns, before anything reads their rows for good."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeArgument=false

import csv as csv_module
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from datafusion import SessionContext

from plan_contracts import CsvOptions
from plan_engine.arrow_schema import arrow_type
from plan_engine.csv_reading import csv_read_options
from plan_engine.datafusion_messages import clean
from plan_engine.errors import DatasetSchemasDiffer, DatasetUnreadable
from plan_engine.plain_paths import plain_path

INFERENCE_ROWS = 100_000
"""Rows of each file from which the types of its columns are inferred."""


def csv_schema(name: str, paths: Sequence[Path], csv: CsvOptions) -> pa.Schema:
    """Give names and types of the columns of CSV files.

    Types are inferred from the first rows of every file, and from all files together: whole numbers and fractions are
    float64, other mixtures and columns without a value are strings. Declared types win.

    Parameters
    ----------
    name
        The dataset.
    paths
        Its files.
    csv
        How they are written.

    Raises
    ------
    DatasetUnreadable
        When a file is no CSV, has no header line, names a column twice, or a declared column is not there.
    DatasetSchemasDiffer
        When the files have different header lines: their columns are read by place and would be mixed up.
    """
    if csv.header:
        _check_headers(name, paths, csv)
    schemas = [_inferred(name, path, csv) for path in paths]
    _check_widths(name, paths, schemas)
    unknown = sorted(set(csv.types) - set(schemas[0].names))
    if unknown:
        message = f"The dataset `{name}` declares types for columns that its files lack: {', '.join(unknown)}"
        raise DatasetUnreadable(message, subject=name, suggestion=f"Columns: {', '.join(schemas[0].names)}.")
    fields: list[pa.Field] = []
    for index, column in enumerate(schemas[0].names):
        declared = csv.types.get(column)
        kinds = [schema.field(index).type for schema in schemas]
        fields.append(pa.field(column, arrow_type(declared) if declared is not None else _common(kinds)))
    return pa.schema(fields)


def _check_headers(name: str, paths: Sequence[Path], csv: CsvOptions) -> None:
    expected: list[str] | None = None
    for path in paths:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = next(csv_module.reader(file, delimiter=csv.delimiter, quotechar=csv.quote), [])
        if not header:
            message = f"The file `{path}` of the dataset `{name}` has no header line"
            mend = "Remove the file, or set `csv = { header = false }`."
            raise DatasetUnreadable(message, subject=name, suggestion=mend)
        repeated = sorted({column for column in header if header.count(column) > 1})
        if repeated:
            message = f"The file `{path}` of the dataset `{name}` has several columns called `{repeated[0]}`"
            raise DatasetUnreadable(message, subject=name, suggestion="Give each column a name of its own.")
        expected = header if expected is None else expected
        if header != expected:
            shown = f"`{paths[0].name}` has {', '.join(expected)}, and `{path.name}` has {', '.join(header)}"
            message = f"The files of the dataset `{name}` have different header lines: {shown}"
            mend = "Make two datasets of them, or rewrite one: columns are read by their place."
            related = (paths[0].name, path.name)
            raise DatasetSchemasDiffer(message, subject=name, related=related, suggestion=mend)


def _check_widths(name: str, paths: Sequence[Path], schemas: Sequence[pa.Schema]) -> None:
    for path, schema in zip(paths, schemas, strict=True):
        if len(schema) != len(schemas[0]):
            shown = f"`{paths[0].name}` has {len(schemas[0])}, and `{path.name}` has {len(schema)}"
            message = f"The files of the dataset `{name}` have different numbers of columns: {shown}"
            related = (paths[0].name, path.name)
            mend = "Make two datasets of them."
            raise DatasetSchemasDiffer(message, subject=name, related=related, suggestion=mend)


def _inferred(name: str, path: Path, csv: CsvOptions) -> pa.Schema:
    context = SessionContext()
    try:
        with plain_path(str(path)) as plain:
            context.register_csv("inferred", plain, options=csv_read_options(csv, inference_rows=INFERENCE_ROWS))
            return context.table("inferred").schema()
    except Exception as reason:
        message = f"The file `{path}` of the dataset `{name}` is not readable CSV: {clean(str(reason))}"
        mend = "Mend the file, or tell how it is written under `csv` (delimiter, quote, header)."
        raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType:
    found = {kind for kind in kinds if not pa.types.is_null(kind)}
    if len(found) == 1:
        return found.pop()
    return pa.float64() if found == {pa.int64(), pa.float64()} else pa.string()
