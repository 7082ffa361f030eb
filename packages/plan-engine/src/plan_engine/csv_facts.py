"""What CSV files say about their columns and rows."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeArgument=false

from collections.abc import Sequence

import pyarrow as pa
from datafusion import SessionContext

from plan_contracts import CsvOptions, PlanError
from plan_engine.arrow_schema import arrow_type
from plan_engine.compressed_text import DAMAGED
from plan_engine.compression import compression_of
from plan_engine.csv_reading import csv_read_options
from plan_engine.data_source import DataSource
from plan_engine.datafusion_messages import ENCODING_MEND, clean, read_csv_fault, speaks_of_encoding
from plan_engine.errors import DatasetSchemasDiffer, DatasetUnreadable
from plan_engine.file_facts import FileFacts, damaged, lines_and_digest, look_into
from plan_engine.source_files import SourceFile, told_apart
from plan_engine.text_diagnosis import broken_csv_line, csv_header

INFERENCE_ROWS = 100_000
"""Rows of each file from which the types of its columns are inferred."""


def csv_facts(name: str, files: Sequence[SourceFile], source: DataSource, csv: CsvOptions) -> list[FileFacts]:
    """Infer names and types of the columns of CSV files, and count their lines.

    Types are inferred from the first rows of every file, and from all files together: whole numbers and fractions are
    float64, other mixtures and columns without a value are strings. Declared types win.

    Parameters
    ----------
    name
        The dataset.
    files
        Its files.
    source
        Where they lie.
    csv
        How they are written.

    Raises
    ------
    DatasetUnreadable
        When a file is no CSV, has no header line, names a column twice, or a declared column is not there.
    DatasetSchemasDiffer
        When the files have different header lines: their columns are read by place and would be mixed up.
    """
    header = _common_header(name, files, source, csv) if csv.header else None
    counted = look_into(files, lambda file: lines_and_digest(name, source, file))
    schemas = look_into(files, lambda file: _inferred(name, file, source, csv))
    _check_widths(name, files, schemas)
    names = header or schemas[0].names
    unknown = sorted(set(csv.types) - set(names))
    if unknown:
        message = f"The dataset `{name}` declares types for columns that its files lack: {', '.join(unknown)}"
        raise DatasetUnreadable(message, subject=name, suggestion=f"Columns: {', '.join(names)}.")
    fields: list[pa.Field] = []
    for index, column in enumerate(names):
        declared = csv.types.get(column)
        kinds = [schema.field(index).type for schema in schemas]
        fields.append(pa.field(column, arrow_type(declared) if declared is not None else _common(kinds)))
    schema = pa.schema(fields)
    return [
        FileFacts(schema=schema, rows=max(0, lines - csv.header) if lines is not None else None, digest=identity)
        for lines, identity in counted
    ]


def _common_header(name: str, files: Sequence[SourceFile], source: DataSource, csv: CsvOptions) -> list[str]:
    headers = look_into(files, lambda file: _header(name, file, source, csv))
    for file, header in zip(files, headers, strict=True):
        if not header:
            message = f"The file `{file.uri}` of the dataset `{name}` has no header line"
            mend = "Remove the file, or set `csv = { header = false }`."
            raise DatasetUnreadable(message, subject=name, suggestion=mend)
        repeated = sorted({column for column in header if header.count(column) > 1})
        if repeated:
            message = f"The file `{file.uri}` of the dataset `{name}` has several columns called `{repeated[0]}`"
            raise DatasetUnreadable(message, subject=name, suggestion="Give each column a name of its own.")
        if header != headers[0]:
            first, other = told_apart(files[0], file)
            shown = f"`{first}` has {', '.join(headers[0])}, and `{other}` has {', '.join(header)}"
            message = f"The files of the dataset `{name}` have different header lines: {shown}"
            mend = "Make two datasets of them, or rewrite one: columns are read by their place."
            raise DatasetSchemasDiffer(message, subject=name, related=(first, other), suggestion=mend)
    return headers[0]


def _header(name: str, file: SourceFile, source: DataSource, csv: CsvOptions) -> list[str]:
    try:
        return csv_header(source, file, csv)
    except PlanError:
        raise
    except DAMAGED as reason:
        raise damaged(name, file, reason) from reason


def _check_widths(name: str, files: Sequence[SourceFile], schemas: Sequence[pa.Schema]) -> None:
    for file, schema in zip(files, schemas, strict=True):
        if len(schema) != len(schemas[0]):
            first, other = told_apart(files[0], file)
            shown = f"`{first}` has {len(schemas[0])}, and `{other}` has {len(schema)}"
            message = f"The files of the dataset `{name}` have different numbers of columns: {shown}"
            mend = "Make two datasets of them."
            raise DatasetSchemasDiffer(message, subject=name, related=(first, other), suggestion=mend)


def _inferred(name: str, file: SourceFile, source: DataSource, csv: CsvOptions) -> pa.Schema:
    context = SessionContext()
    try:
        source.attach(context)
        options = csv_read_options(csv, inference_rows=INFERENCE_ROWS, compression=compression_of(file.uri))
        with source.place(file) as place:
            context.register_csv("inferred", place, options=options)
            return context.table("inferred").schema()
    except Exception as reason:
        fault = read_csv_fault(str(reason))
        kinds = ["string"] * len(_header(name, file, source, csv)) if fault is not None else []
        broken = broken_csv_line(source, file, csv, kinds, fault) if fault is not None else None
        what = f" in line {broken.line}: {broken.text}" if broken is not None else f": {clean(str(reason))}"
        message = f"The file `{file.uri}` of the dataset `{name}` is not readable CSV{what}"
        mend = "Mend the file, or tell how it is written under `csv` (delimiter, quote, header)."
        mend = ENCODING_MEND if speaks_of_encoding(str(reason)) else mend
        raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType:
    found = {kind for kind in kinds if not pa.types.is_null(kind)}
    if len(found) == 1:
        return found.pop()
    return pa.float64() if found == {pa.int64(), pa.float64()} else pa.string()
